// A way to the server that breaks at a chosen query, and what becomes of a process that goes it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect as open, createServer } from 'node:net'
import { atEnd } from '../../support/at-end.ts'

/** What the server says when it shuts down: an ErrorResponse of its protocol. */
function shuttingDown(): Buffer {
  const fields = Buffer.from(
    'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0',
  )
  const head = Buffer.from('E\0\0\0\0')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

/** A way to the server on which each connection is ended as soon as something with this text is asked of it. */
export async function brokenWay(url: string, at: string): Promise<{ url: string; broken(): number }> {
  const [there, here] = [new URL(url), new URL(url)]
  let broken = 0
  const server = createServer((client) => {
    const upstream = open(Number(there.port), there.hostname)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    upstream.pipe(client)
    client.on('close', () => upstream.destroy())
    client.on('data', (bytes) => {
      if (!bytes.includes(at)) return void upstream.write(bytes)
      broken++
      upstream.destroy()
      client.end(shuttingDown())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => void server.close())
  here.port = String((server.address() as AddressInfo).port)
  return { url: here.href, broken: () => broken }
}

/** What a process that runs this module says, and how it ends. */
export async function outcome(code: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const [status] = (await once(child, 'close')) as [number]
  return `${output.trim()} (${status})`
}
