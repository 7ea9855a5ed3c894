// The demo's endpoint and sink, made through the admin API as a user would; found again on a second
// start, with the receiver's new port.
import { filter, schema } from './changes.ts'

const endpointName = 'demo-receiver'
const sinkName = 'demo-orders'

/** Makes or updates endpoint and sink; returns a sentence about the sink. */
export async function createDemoSink(url: string, token: string, receiverUrl: string): Promise<string> {
  const call = async (method: string, path: string, body: unknown): Promise<number> => {
    const response = await fetch(`${url}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok && response.status !== 404) {
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    }
    return response.status
  }
  if ((await call('PATCH', `/endpoints/${endpointName}`, { url: receiverUrl })) === 404) {
    await call('POST', '/endpoints', { name: endpointName, url: receiverUrl })
  }
  const tables = [{ name: `${schema}.orders`, filter }]
  if ((await call('PATCH', `/sinks/${sinkName}`, { tables, status: 'active' })) === 404) {
    await call('POST', '/sinks', { name: sinkName, endpoint: endpointName, tables })
  }
  return `sink ${sinkName}: ${schema}.orders where ${filter} → ${receiverUrl}`
}
