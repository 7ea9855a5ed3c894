// Sends one signed request and returns what came of it: the only way from the rest of rowhook to a
// receiver. It signs nothing, judges nothing (outcome.ts), retries nothing and logs nothing.
//
// In particular it does not send again when a kept-alive connection turns out to be closed: the receiver
// may have acted on the request, and every request has to count towards max_retry_count and stand in the
// delivery log. Redirects are answers like any other, so they are never followed.

import { compress } from './compress.ts'
import { createDeadlines } from './deadline.ts'
import { PendingExchange } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { failureOf } from './failure.ts'
import { leadsTo, openRoute } from './route.ts'
import type { Route, RouteOptions } from './route.ts'
import type { TlsOptions } from './tls.ts'

export type { Exchange } from './exchange.ts'

/** One request. */
export interface SendRequest {
  /**
   * Whose connections it uses. Give each sink its own key, so that a slow one takes no other's sockets;
   * the requests of one key should go to one origin with one set of TLS settings at a time.
   */
  endpointKey: string
  url: string
  /** Flat, name after value, as headers.ts builds them; host and content-length are added. */
  headers: readonly string[]
  /** Give the very bytes that were signed; a text is encoded once more. */
  body: string | Uint8Array | readonly Uint8Array[]
  /** Milliseconds for everything: compressing, DNS, connect, TLS, sending and the whole answer. */
  timeoutMs: number
  compression?: 'gzip' | null | undefined
  tls?: TlsOptions | null | undefined
  /** Whose messages these are: a listener of this sink gets them (listener.ts). */
  sinkId?: number | undefined
  /** Names of headers that only the receiver itself may see. */
  secretHeaders?: readonly string[] | undefined
  /**
   * Asked when the connection stands and the next step writes the request, which may be long after it was
   * given: false, and the exchange ends with the error `unsent`.
   */
  mayWrite?: (() => boolean) | undefined
  /** Gives up: the exchange ends with the error `aborted`. */
  signal?: AbortSignal | undefined
}

export interface Sender {
  /** Never rejects: what goes wrong is the exchange's `error`. */
  send(request: SendRequest): Promise<Exchange>
  /** Lets go of a key's connections; its exchanges in flight end undisturbed. */
  forget(endpointKey: string): void
  /** Sends nothing more; resolves when the exchanges in flight are over, each by its deadline at the latest. */
  close(): Promise<void>
}

/** Makes a sender with connections of its own. Close it when done. */
export function createSender(options: RouteOptions): Sender {
  const routes = new Map<string, Route>()
  const deadlines = createDeadlines()
  let inFlight = 0
  let closing: PromiseWithResolvers<void> | undefined

  function routeFor({ endpointKey, url, tls }: SendRequest): Route {
    const known = routes.get(endpointKey)
    if (known !== undefined && leadsTo(known, url, tls)) return known
    const route = openRoute(url, tls, known, options)
    routes.set(endpointKey, route)
    return route
  }

  function start(exchange: PendingExchange, request: SendRequest, body: string | Uint8Array): void {
    if (exchange.settled) return
    try {
      const route = routeFor(request)
      const path = route.target
      exchange.connection = route.pool.acquire(exchange.startedAt)
      exchange.connection.dispatch(
        { method: 'POST', path, headers: headersFor(request, route), body },
        exchange,
      )
    } catch (error) {
      exchange.fail(failureOf(error))
    }
  }

  function settled(exchange: PendingExchange, clean: boolean): void {
    deadlines.delete(exchange)
    exchange.connection?.release(clean)
    inFlight -= 1
    if (inFlight === 0) closing?.resolve()
  }

  function forget(endpointKey: string): void {
    routes.get(endpointKey)?.pool.retire()
    routes.delete(endpointKey)
  }

  return {
    forget,
    send(request) {
      return new Promise((resolve) => {
        const exchange = new PendingExchange(request.timeoutMs, resolve, settled, request.mayWrite)
        inFlight += 1
        deadlines.add(exchange)
        if (closing !== undefined) return exchange.fail(GIVEN_UP)
        if (request.signal) giveUpOn(request.signal, exchange)
        const body = bodyOf(request)
        if (!(body instanceof Promise)) return start(exchange, request, body)
        body.then(
          (packed) => start(exchange, request, packed),
          (error) => exchange.fail(failureOf(error)),
        )
      })
    },
    async close() {
      closing ??= Promise.withResolvers()
      for (const endpointKey of routes.keys()) forget(endpointKey)
      if (inFlight === 0) closing.resolve()
      await closing.promise
    },
  }
}

const GIVEN_UP = { code: 'aborted', message: 'given up' } as const

function giveUpOn(signal: AbortSignal, exchange: PendingExchange): void {
  if (signal.aborted) return exchange.fail(GIVEN_UP)
  const giveUp = (): void => exchange.fail(GIVEN_UP)
  signal.addEventListener('abort', giveUp, { once: true })
  exchange.whenSettled(() => signal.removeEventListener('abort', giveUp))
}

function bodyOf({ body, compression }: SendRequest): string | Uint8Array | Promise<Uint8Array> {
  const whole = typeof body === 'string' || body instanceof Uint8Array ? body : Buffer.concat(body)
  if (compression !== 'gzip') return whole
  return compress(typeof whole === 'string' ? Buffer.from(whole) : whole)
}

function headersFor({ headers, compression }: SendRequest, { extraHeaders }: Route): string[] {
  if (compression !== 'gzip' && extraHeaders.length === 0) return headers as string[]
  return [...headers, ...(compression === 'gzip' ? ['content-encoding', 'gzip'] : []), ...extraHeaders]
}
