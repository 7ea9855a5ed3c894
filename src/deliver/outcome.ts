// What an exchange means for the messages in it. Pure: the exchange and the clock come in, a verdict goes
// out; what follows from it (retry, split, pause, discard) is decided by whoever keeps the state.

import { STATUS_CODES } from 'node:http'
import type { Exchange } from './exchange.ts'

export type Outcome =
  | { kind: 'delivered' }
  /** All but these idempotency keys were acknowledged; never all of the batch, never none. */
  | { kind: 'partial'; failed: Set<string> }
  | {
      kind: 'failed'
      /** One short line, "503 Service Unavailable". */
      error: string
      /** How long the receiver asks to be left alone, at most an hour; absent when it did not ask. */
      retryAfterMs?: number
      /** The receiver says that this endpoint is no more (410): the sink is to be paused. */
      gone?: true
    }

/** Longer wishes are cut to this. */
const LONGEST_RETRY_AFTER_MS = 3_600_000

/**
 * Judges an exchange. Any 2xx whose answer came whole is a success, unless it is JSON with `failed`. An
 * answer that broke off or missed the deadline is a failure even with a 2xx head: the list of what failed
 * could have stood in the part that is missing.
 * @param keys the idempotency keys of the batch; looked at only when the answer names failed ones
 * @param nowMs the time of day, for a Retry-After that is a date
 */
export function judge(exchange: Exchange, keys: Iterable<string>, nowMs: number = Date.now()): Outcome {
  const { status, error } = exchange
  if (error !== undefined) {
    return {
      kind: 'failed',
      error: status === undefined ? error.message : `${status}, then ${error.message}`,
    }
  }
  if (status === undefined) return { kind: 'failed', error: 'no answer' }
  if (status >= 200 && status <= 299) return acknowledged(exchange, keys)
  const failed: Outcome = { kind: 'failed', error: statusText(status) }
  if (status === 410) failed.gone = true
  if (status === 429 || status === 503) {
    const retryAfterMs = parseRetryAfter(exchange.headers['retry-after'], nowMs)
    if (retryAfterMs !== undefined) failed.retryAfterMs = retryAfterMs
  }
  return failed
}

function acknowledged(exchange: Exchange, keys: Iterable<string>): Outcome {
  const named = failedKeys(exchange)
  if (named.size === 0) return { kind: 'delivered' }
  const failed = new Set<string>()
  let count = 0
  for (const key of keys) {
    count += 1
    if (named.has(key)) failed.add(key)
  }
  if (failed.size === 0) return { kind: 'delivered' }
  // Nothing was acknowledged, so the batch stays as it is, with its id and its count of attempts.
  if (failed.size === count)
    return { kind: 'failed', error: `${exchange.status}, but every message named as failed` }
  return { kind: 'partial', failed }
}

// Most answers are empty or "ok", so the search for the name saves nearly every parse. JSON may spell the
// name with escapes (\u0066ailed); nobody's serializer does.
function failedKeys({ body, truncated }: Exchange): Set<string> {
  if (truncated || !body.includes('"failed"')) return new Set()
  try {
    const answer: unknown = JSON.parse(body)
    const failed = (answer as { failed?: unknown } | null)?.failed
    if (!Array.isArray(failed)) return new Set()
    return new Set(failed.filter((key) => typeof key === 'string'))
  } catch {
    return new Set()
  }
}

/** "503 Service Unavailable", in the standard's words and not in the receiver's. */
export function statusText(status: number): string {
  const text = STATUS_CODES[status] === undefined ? `${status}` : `${status} ${STATUS_CODES[status]}`
  return status >= 300 && status <= 399 ? `${text} (redirects are not followed)` : text
}

/** A Retry-After in seconds or as an HTTP date as milliseconds from now, cut to an hour; undefined: none. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? ''
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : httpDate(text) - nowMs
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), LONGEST_RETRY_AFTER_MS)
}

// All three of HTTP's date formats begin with a day's name; Date.parse alone would read "3.5" as a date. The
// oldest, "Sun Nov  6 08:49:37 1994", has no time zone: it is GMT as the others are, and not the local one.
function httpDate(text: string): number {
  if (!/^(mon|tue|wed|thu|fri|sat|sun)/i.test(text)) return Number.NaN
  return Date.parse(/:\d\d \d{4}$/.test(text) ? `${text} GMT` : text)
}
