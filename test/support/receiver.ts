// A real HTTP(S) server that receives webhooks, keeps every request, and misbehaves on command.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { atEnd } from './at-end.ts'
import type { Identity } from './certificates.ts'
import { eventually } from './eventually.ts'

/** A message as it arrived, parsed: numbers beyond 2^53 are only exact in the request's `body`. */
export interface ReceivedMessage {
  record: Record<string, unknown> | null
  changes: Record<string, unknown> | null
  action: string
  metadata: Record<string, unknown> & { idempotency_key: string; record_pks: string[] }
}

/** One HTTP request. */
export interface ReceivedRequest {
  method: string
  path: string
  headers: Record<string, string>
  /** The body as sent, decoded as UTF-8. */
  body: string
  /** The messages of the body, batched or bare; empty when it is not JSON. */
  messages: ReceivedMessage[]
  /** When it had arrived whole, in ms of `performance.now()`. */
  at: number
  /** Which messages of it were acknowledged by the answer; set when the answer has been sent. */
  acknowledged: ReceivedMessage[]
  /** When that was; undefined while there is no answer. */
  answeredAt: number | undefined
}

/** What the receiver does with a request; nothing given means 200 with an empty body, at once. */
export interface Answer {
  status?: number
  headers?: Record<string, string>
  /** An object is sent as JSON. */
  body?: string | object
  /** Send 102 and 103 first. */
  interim?: boolean
  /** Wait so long before the first byte. */
  delayMs?: number
  /** Never answer. */
  hang?: boolean
  /** Send the body one byte at a time, with this pause. */
  dripMs?: number
  /** Reset the connection instead of an answer. */
  reset?: boolean
  /** Send the headers and half of the body, then close. */
  closeEarly?: boolean
  /** Send a body of so many bytes. */
  bodyBytes?: number
  /** Acknowledge all but these: 200 with `{"failed": [idempotency keys]}`. */
  fail?: (message: ReceivedMessage) => boolean
}

/** Decides on an answer; `index` counts requests from 0. */
export type Responder = (request: ReceivedRequest, index: number) => Answer | Promise<Answer>

/** A running receiver. */
export interface Receiver {
  readonly url: string
  readonly port: number
  /** In order of arrival. */
  readonly requests: readonly ReceivedRequest[]
  /** Acknowledged messages, in order of acknowledgement. */
  readonly messages: readonly ReceivedMessage[]
  /** Requests that have no answer yet. */
  readonly open: number
  /** Connections accepted so far. */
  readonly connections: number
  /** Sets the answer of all later requests. */
  respond(answer: Answer | Responder): void
  /** Resolves with the acknowledged messages once there are `count` or more. */
  waitFor(count: number, options?: { timeoutMs?: number }): Promise<readonly ReceivedMessage[]>
  /** Resolves with the requests, answered or not, once there are `count` or more. */
  waitForRequests(count: number, options?: { timeoutMs?: number }): Promise<readonly ReceivedRequest[]>
  /** Stops listening and resets its connections; `listen` takes up the same port again. */
  close(): Promise<void>
  listen(): Promise<void>
}

/**
 * Starts a receiver on 127.0.0.1; it ends with the test, or, from `beforeAll`, with the file.
 * @param options.tls then it speaks HTTPS
 */
export async function receiver(
  options: { tls?: Identity; respond?: Answer | Responder } = {},
): Promise<Receiver> {
  const requests: ReceivedRequest[] = []
  const messages: ReceivedMessage[] = []
  let responder = asResponder(options.respond ?? {})
  let open = 0
  let connections = 0
  let port = 0

  const listener: RequestListener = (incoming, response) => {
    open += 1
    response.on('close', () => (open -= 1))
    void receive(incoming, response).catch(() => incoming.socket.destroy())
  }
  async function receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming)
    const index = requests.push(request) - 1
    const answer = await responder(request, index)
    await send(response, answer, request)
    // an answer that did not get as far as the network acknowledges nothing; of an endless one the end is not wanted
    if (response.writableFinished || answer.bodyBytes !== undefined)
      request.acknowledged = acknowledgedBy(answer, request)
    request.answeredAt = performance.now()
    messages.push(...request.acknowledged)
  }

  const server =
    options.tls === undefined
      ? createServer({ keepAliveTimeout: 60_000 }, listener)
      : createTlsServer(
          { cert: options.tls.certificate, key: options.tls.key, keepAliveTimeout: 60_000 },
          listener,
        )
  server.on('connection', () => (connections += 1))
  const listen = async () => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  await listen()
  atEnd(close)

  const waitUntil = async <T>(what: string, list: readonly T[], count: number, timeoutMs = 60_000) =>
    eventually(
      () => {
        if (list.length < count) throw new Error(`${list.length} of ${count} ${what} after ${timeoutMs} ms`)
        return list
      },
      { timeoutMs, everyMs: 2 },
    )
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    messages,
    get open() {
      return open
    },
    get connections() {
      return connections
    },
    respond: (answer) => {
      responder = asResponder(answer)
    },
    waitFor: async (count, wait) => waitUntil('messages acknowledged', messages, count, wait?.timeoutMs),
    waitForRequests: async (count, wait) => waitUntil('requests', requests, count, wait?.timeoutMs),
    close,
    listen,
  }
}

const asResponder = (answer: Answer | Responder): Responder =>
  typeof answer === 'function' ? answer : () => answer

async function read(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString('utf8')
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers as Record<string, string>,
    body,
    messages: messagesOf(body),
    at: performance.now(),
    acknowledged: [],
    answeredAt: undefined,
  }
}

function messagesOf(body: string): ReceivedMessage[] {
  try {
    const parsed = JSON.parse(body) as ReceivedMessage | { data: ReceivedMessage[] }
    return 'data' in parsed ? parsed.data : [parsed]
  } catch {
    return []
  }
}

function acknowledgedBy(answer: Answer, { messages }: ReceivedRequest): ReceivedMessage[] {
  const status = answer.status ?? 200
  if (answer.hang || answer.reset || answer.closeEarly || status < 200 || status > 299) return []
  return messages.filter((message) => !answer.fail?.(message))
}

async function send(response: ServerResponse, answer: Answer, request: ReceivedRequest): Promise<void> {
  if (answer.delayMs !== undefined) await sleep(answer.delayMs)
  if (answer.hang) return
  if (answer.interim) {
    response.writeProcessing()
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
  }
  if (answer.reset) {
    response.socket?.resetAndDestroy()
    return
  }
  const body = bodyOf(answer, request)
  response.writeHead(answer.status ?? 200, { 'content-length': body.length, ...answer.headers })
  if (answer.closeEarly) {
    response.write(body.subarray(0, body.length / 2), () => response.destroy())
    return
  }
  if (answer.dripMs === undefined) return end(response, body)
  for (const byte of body) {
    response.write(Uint8Array.of(byte))
    await sleep(answer.dripMs)
    if (response.destroyed) return
  }
  await end(response)
}

/** Resolves when the answer is on its way, or can no longer be. */
async function end(response: ServerResponse, body?: Buffer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('close', resolve)
  response.end(body, resolve)
  await promise
}

function bodyOf({ body = '', bodyBytes, fail }: Answer, { messages }: ReceivedRequest): Buffer {
  if (bodyBytes !== undefined) return Buffer.alloc(bodyBytes, 'x')
  if (fail !== undefined) {
    const failed = messages.filter(fail).map(({ metadata }) => metadata.idempotency_key)
    return Buffer.from(JSON.stringify({ failed }))
  }
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}
