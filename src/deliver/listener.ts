// Listeners: while somebody listens to a sink (rowhook listen), its requests go to them in place of its
// endpoint, and what they answer counts as a receiver's answer. Everything else of a delivery stays as it
// is: order, retries, the circuit, the delivery log. Owns what is under way; who may listen, and that this
// process runs the sink's streams meanwhile, is schedule/listening.ts.
import { MAX_RESPONSE_BYTES } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { storable, timedOut } from './failure.ts'
import { MASK } from './headers.ts'
import type { SendRequest, Sender } from './send.ts'

/** A request as a listener gets it. */
export interface Diverted {
  id: string
  /** Path and query of the URL that it would have gone to. */
  path: string
  /** By name in lower case; values of encrypted headers are masked: a listener is not the endpoint. */
  headers: Record<string, string>
  body: string
  timeout_ms: number
}

/** What a listener answers: what its own receiver said, or why that said nothing. */
export type ListenerAnswer =
  | { status: number; headers: { 'retry-after'?: string; 'content-type'?: string }; body: string }
  | { error: string }

/** Somebody who listens to a sink. */
export interface Listener {
  readonly id: string
  /** As the delivery log names them. */
  readonly actor: string
  /** Requests without an answer. */
  readonly open: number
  /** Answers a request; false when it is none of theirs, or over already. */
  answer(requestId: string, answer: ListenerAnswer): boolean
  /** Gets no further requests; resolves when those under way are over, each by its deadline at the latest. */
  drain(): Promise<void>
  /** Gets no further requests; those under way end as given up. */
  leave(): void
}

/** The listeners of this process. */
export interface Listeners {
  /** @param give hands a request over; @param onSilent a request was not answered in time, not even with an error */
  add(
    sinkId: number,
    who: { id: string; actor: string },
    give: (request: Diverted) => void,
    onSilent: () => void,
  ): Listener
  readonly size: number
  /** A sender that asks the listeners first. */
  divert(sender: Sender): Sender
}

interface Pending {
  startedAt: number
  timer: NodeJS.Timeout
  resolve(exchange: Exchange): void
}

/** Beyond a request's own time: the listener tells of a timeout itself, and that takes a moment. */
const graceMs = 2000

/** Makes an empty set of listeners. */
export function createListeners(): Listeners {
  const bySink = new Map<number, { exchange(request: SendRequest): Promise<Exchange> }>()
  return {
    get size() {
      return bySink.size
    },
    add(sinkId, who, give, onSilent) {
      const listener = createListener(who, give, onSilent, () => bySink.delete(sinkId))
      bySink.set(sinkId, listener)
      return listener
    },
    divert: (sender) => ({
      ...sender,
      send(request) {
        const listener = request.sinkId === undefined ? undefined : bySink.get(request.sinkId)
        return listener === undefined ? sender.send(request) : listener.exchange(request)
      },
    }),
  }
}

function createListener(
  { id, actor }: { id: string; actor: string },
  give: (request: Diverted) => void,
  onSilent: () => void,
  forget: () => void,
): Listener & { exchange(request: SendRequest): Promise<Exchange> } {
  const pending = new Map<string, Pending>()
  let count = 0
  let drained: (() => void) | undefined

  function end(requestId: string, result: Omit<Exchange, 'durationMs' | 'listener'>): boolean {
    const request = pending.get(requestId)
    if (request === undefined) return false
    pending.delete(requestId)
    clearTimeout(request.timer)
    request.resolve({ ...result, durationMs: performance.now() - request.startedAt, listener: actor })
    if (pending.size === 0) drained?.()
    return true
  }

  const unanswered = (error: NonNullable<Exchange['error']>) => ({
    headers: {},
    body: '',
    truncated: false,
    error,
  })

  return {
    id,
    actor,
    get open() {
      return pending.size
    },
    exchange(request) {
      const requestId = String(++count)
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          end(requestId, unanswered(timedOut(request.timeoutMs, 'headers')))
          onSilent()
        }, request.timeoutMs + graceMs)
        pending.set(requestId, { startedAt: performance.now(), timer, resolve })
        give(divertedFrom(requestId, request))
      })
    },
    answer(requestId, answer) {
      if ('error' in answer) {
        const message = `listener: ${storable(answer.error)}`
        return end(requestId, unanswered({ code: 'listener', message }))
      }
      const { status, headers, body } = answer
      const bytes = Buffer.from(body)
      return end(requestId, {
        status,
        headers,
        body: bytes.toString('utf8', 0, MAX_RESPONSE_BYTES).replaceAll('\0', '\uFFFD'),
        truncated: bytes.length > MAX_RESPONSE_BYTES,
      })
    },
    async drain() {
      forget()
      if (pending.size > 0) await new Promise<void>((resolve) => (drained = resolve))
    },
    leave() {
      forget()
      for (const requestId of pending.keys()) {
        end(requestId, unanswered({ code: 'aborted', message: 'listener: it went away before it answered' }))
      }
    },
  }
}

function divertedFrom(
  id: string,
  { url, headers, body, timeoutMs, secretHeaders = [] }: SendRequest,
): Diverted {
  const secret = new Set(secretHeaders.map((name) => name.toLowerCase()))
  const shown: Record<string, string> = {}
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    shown[name] = secret.has(name) ? MASK : headers[i + 1]!
  }
  const { pathname, search } = new URL(url)
  return { id, path: pathname + search, headers: shown, body: textOf(body), timeout_ms: timeoutMs }
}

function textOf(body: SendRequest['body']): string {
  if (typeof body === 'string') return body
  return body instanceof Uint8Array ? Buffer.from(body).toString() : Buffer.concat(body).toString()
}
