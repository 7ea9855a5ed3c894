// One HTTP exchange under way: undici's handler, the limit on what is read, the deadline's target. It
// settles exactly once and with a value, never with an exception, and then leaves its connection either
// to the next exchange or destroyed.

import type { Dispatcher } from 'undici'
import type { Expiring } from './deadline.ts'
import { decode } from './decode.ts'
import { failureOf, timedOut } from './failure.ts'
import type { Failure, Phase } from './failure.ts'
import type { Connection } from './pool.ts'

/** What came of one request. An answer may have arrived in part: then `status` and `error` both stand. */
export interface Exchange {
  /** The final status; absent when no answer's head arrived. */
  status?: number
  /** The few headers that matter to an outcome or to the log. */
  headers: { 'retry-after'?: string; 'content-type'?: string }
  /** The answer as text, at most 64 kB, invalid UTF-8 and NUL (which Postgres cannot store) as U+FFFD. */
  body: string
  /** Whether the answer was longer than what was read. */
  truncated: boolean
  durationMs: number
  /** Why there is no whole answer; absent when there is one, or when as much as is ever read arrived. */
  error?: Failure
  /** Who answered in the receiver's place (listener.ts). */
  listener?: string
}

/** How much of an answer is read: 64 kB. */
export const MAX_RESPONSE_BYTES = 65_536

const UNSENT = {
  code: 'unsent',
  message: 'not sent: it was no longer to be when the connection stood',
} as const

/** Told when an exchange is over; `clean`: its connection may serve the next one. */
export type Settled = (exchange: PendingExchange, clean: boolean) => void

export class PendingExchange implements Expiring, Dispatcher.DispatchHandler {
  readonly startedAt: number
  readonly timeoutMs: number
  deadlineIndex = -1
  /** Set as the request is dispatched; until then the body is being compressed. */
  connection: Connection | undefined
  readonly #resolve: (exchange: Exchange) => void
  readonly #onSettled: Settled
  readonly #mayWrite: (() => boolean) | undefined
  #alsoOnSettled: (() => void) | undefined
  #phase: Phase = 'connect'
  #settled = false
  #status: number | undefined
  #headers: Exchange['headers'] = {}
  #chunks: Buffer[] = []
  #bytes = 0
  #encoding: string | undefined

  constructor(
    timeoutMs: number,
    resolve: (exchange: Exchange) => void,
    onSettled: Settled,
    mayWrite: (() => boolean) | undefined,
  ) {
    this.startedAt = performance.now()
    this.timeoutMs = timeoutMs
    this.#resolve = resolve
    this.#onSettled = onSettled
    this.#mayWrite = mayWrite
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Has one more function called when it is over. */
  whenSettled(callback: () => void): void {
    this.#alsoOnSettled = callback
  }

  /** Ends it with a failure, whatever it is doing; the connection is dropped. */
  fail(failure: Failure): void {
    this.#settle(false, failure)
  }

  expire(): void {
    this.fail(timedOut(this.timeoutMs, this.connection?.phase ?? this.#phase))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#mayWrite?.() === false) {
      this.fail(UNSENT)
      controller.abort(new Error(UNSENT.message))
      return
    }
    this.#phase = 'headers'
  }

  onResponseStart(_: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status < 200) return // 102, 103: the real answer is still to come
    this.#phase = 'body'
    this.#status = status
    const retryAfter = headers['retry-after']
    const contentType = headers['content-type']
    const encoding = headers['content-encoding']
    if (typeof retryAfter === 'string') this.#headers['retry-after'] = retryAfter
    if (typeof contentType === 'string') this.#headers['content-type'] = contentType
    if (typeof encoding === 'string') this.#encoding = encoding
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.#settled) return
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    // Nothing beyond the limit is waited for: the rest may be endless, or drip until the deadline.
    if (this.#bytes > MAX_RESPONSE_BYTES) this.#settle(false)
  }

  onResponseEnd(): void {
    this.#settle(true)
  }

  onResponseError(_: unknown, error: Error): void {
    this.#settle(false, failureOf(error))
  }

  #settle(clean: boolean, error?: Failure): void {
    if (this.#settled) return
    this.#settled = true
    this.#onSettled(this, clean)
    this.#alsoOnSettled?.()
    const exchange: Exchange = {
      headers: this.#headers,
      ...this.#answer(),
      durationMs: performance.now() - this.startedAt,
    }
    if (this.#status !== undefined) exchange.status = this.#status
    if (error !== undefined) exchange.error = error
    this.#resolve(exchange)
  }

  #answer(): Pick<Exchange, 'body' | 'truncated'> {
    if (this.#bytes === 0) return { body: '', truncated: false }
    const received = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    const bytes = decode(received, this.#encoding, MAX_RESPONSE_BYTES)
    if (bytes === null) return { body: '', truncated: true }
    const text = bytes.toString('utf8', 0, Math.min(bytes.length, MAX_RESPONSE_BYTES))
    return {
      body: text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text,
      truncated: this.#bytes > MAX_RESPONSE_BYTES,
    }
  }
}
