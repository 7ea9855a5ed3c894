// The demo's receiver: what a user's application would be.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request's body as it came, and its messages. */
export interface Webhook {
  body: string
  messages: DemoMessage[]
  /** Unix milliseconds of its arrival. */
  at: number
}

export interface DemoMessage {
  record: Record<string, unknown>
  changes: Record<string, unknown> | null
  action: string
  metadata: { table_name: string; commit_timestamp: string; record_pks: string[] }
}

export interface DemoReceiver {
  url: string
  /** Resolves when so many messages have arrived since the start. */
  waitFor(count: number): Promise<void>
  close(): Promise<void>
}

/** Starts the receiver on any free port of 127.0.0.1. */
export async function startReceiver(onWebhook: (webhook: Webhook) => void): Promise<DemoReceiver> {
  let count = 0
  let wanted: { count: number; resolve: () => void } | undefined
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const at = Date.now()
      const body = Buffer.concat(chunks).toString('utf8')
      const { data } = JSON.parse(body) as { data: DemoMessage[] }
      onWebhook({ body, messages: data, at })
      response.writeHead(200).end()
      count += data.length
      if (wanted !== undefined && count >= wanted.count) wanted.resolve()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    waitFor: (total) =>
      new Promise((resolve) => {
        if (count >= total) resolve()
        else wanted = { count: total, resolve }
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
