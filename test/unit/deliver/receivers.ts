// Receivers for the tests of sending: one that speaks HTTP and remembers, one that does with a socket
// whatever the test says. test/support has none that misbehaves below HTTP.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { ServerOptions } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { atEnd } from '../../support/at-end.ts'
import { parseNetworks } from '../../../src/deliver/networks.ts'
import { createSender } from '../../../src/deliver/send.ts'
import type { SendRequest, Sender } from '../../../src/deliver/send.ts'

export interface Received {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface Receiver {
  url: string
  port: number
  requests: Received[]
  /** Every socket that was ever accepted, in order. */
  sockets: Socket[]
}

/** A receiver that answers 200 "ok", or as `respond` says once the body has arrived. */
export async function httpReceiver(
  respond: RequestListener = (_, response) => response.end('ok'),
  { tls, host = '127.0.0.1' }: { tls?: ServerOptions; host?: string } = {},
): Promise<Receiver> {
  const requests: Received[] = []
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      requests.push({ method, url, headers, body: Buffer.concat(chunks) })
      respond(request, response)
    })
  }
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
  return { ...(await listen(server, host, tls === undefined ? 'http' : 'https')), requests }
}

/** A receiver that hands each socket to the test. */
export async function tcpReceiver(onSocket: (socket: Socket) => void): Promise<Receiver> {
  return { ...(await listen(createTcpServer(onSocket), '127.0.0.1', 'http')), requests: [] }
}

/** A TCP receiver that says these bytes to each request, and then perhaps does something more. */
export function rawReceiver(answer: string, then: (socket: Socket) => void = () => {}): Promise<Receiver> {
  return tcpReceiver((socket) => {
    socket.on('data', () => {
      socket.write(answer)
      then(socket)
    })
  })
}

async function listen(server: Server, host: string, scheme: string): Promise<Omit<Receiver, 'requests'>> {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  server.listen(0, host)
  await once(server, 'listening')
  atEnd(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const { port } = server.address() as AddressInfo
  return { port, sockets, url: `${scheme}://127.0.0.1:${port}/hook` }
}

/** A sender that may reach 127.0.0.1, closed with the test. */
export function localSender(options: Partial<Parameters<typeof createSender>[0]> = {}): Sender {
  const sender = createSender({ allowNetworks: parseNetworks('127.0.0.1/32'), ...options })
  atEnd(() => sender.close())
  return sender
}

/** A request with what the test does not care about filled in. */
export function requestTo(url: string, overrides: Partial<SendRequest> = {}): SendRequest {
  const headers = ['content-type', 'application/json', 'webhook-id', 'msg_1']
  return { endpointKey: 'sink', url, headers, body: '{"data":[]}', timeoutMs: 10_000, ...overrides }
}
