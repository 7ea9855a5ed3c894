// The headers of a request: what an endpoint may set, how they are put together, and how they look in
// the delivery log. Pure.

import type { InputProblem } from '../errors.ts'

const MAX_HEADERS = 50
const MAX_NAME_LENGTH = 100
const MAX_VALUE_LENGTH = 8_192

// RFC 9110: a token; and visible ASCII, blanks, tabs and obs-text, without blanks at the ends.
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

// Ours, which a receiver trusts; the connection's, with which a request could be split or smuggled; and
// those that would change what an answer means to us (accept-encoding: it is read as it is).
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
])
const RESERVED_PREFIXES = ['rowhook-', 'webhook-']

/**
 * What is wrong with the headers of an endpoint; empty when nothing is. Names appear in the problems'
 * paths, values never.
 * @param headers by name; both of an endpoint's objects, `headers` and `encrypted_headers`, are given,
 *   because no name may stand in both
 */
export function checkHeaders(headers: {
  headers?: Readonly<Record<string, string>> | undefined
  encrypted_headers?: Readonly<Record<string, string>> | undefined
}): InputProblem[] {
  const problems: InputProblem[] = []
  const seen = new Set<string>()
  for (const field of ['headers', 'encrypted_headers'] as const) {
    for (const [name, value] of Object.entries(headers[field] ?? {})) {
      const lower = name.toLowerCase()
      const message = problemOfName(name) ?? problemOfValue(value) ?? (seen.has(lower) ? TWICE : undefined)
      if (message !== undefined) problems.push({ path: `${field}.${name}`, message })
      seen.add(lower)
    }
  }
  if (seen.size > MAX_HEADERS) problems.push({ path: 'headers', message: `at most ${MAX_HEADERS} headers` })
  return problems
}

const TWICE = 'is set twice; the case of a header name does not matter'

function problemOfName(name: string): string | undefined {
  if (!NAME.test(name)) return "is not a header name; letters, digits and !#$%&'*+-.^_`|~ are allowed"
  if (name.length > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`
  const lower = name.toLowerCase()
  const reserved = RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix))
  return reserved ? 'is set by rowhook itself and cannot be overridden; choose another name' : undefined
}

function problemOfValue(value: string): string | undefined {
  if (/[\r\n\0]/.test(value)) return 'holds a line break or NUL, which no header can carry'
  if (!VALUE.test(value)) return 'holds control characters or characters outside of Latin-1'
  if (value !== value.trim()) return 'begins or ends with a blank'
  return value.length > MAX_VALUE_LENGTH ? `is longer than ${MAX_VALUE_LENGTH} characters` : undefined
}

/** What is the same in all requests of a sink. */
export interface FixedHeaders {
  /** The endpoint's headers, encrypted ones included, by name. */
  endpointHeaders: Readonly<Record<string, string>>
  sinkName: string
  /** rowhook's own version. */
  version: string
}

/** The headers of one request, flat, name after value, as `send` takes them. */
export type HeaderBuilder = (
  webhookId: string,
  /** From 1. */
  attempt: number,
  /** Of this attempt, the same that was signed. */
  timestampSeconds: number,
  signature: string,
) => string[]

/** Prepares what is the same in all requests of a sink; the returned function is cheap. */
export function headerBuilder({ endpointHeaders, sinkName, version }: FixedHeaders): HeaderBuilder {
  const fixed = [
    ...Object.entries(endpointHeaders).flat(),
    'content-type',
    'application/json',
    'user-agent',
    `rowhook/${version}`,
    'rowhook-sink',
    sinkName,
  ]
  return (webhookId, attempt, timestampSeconds, signature) =>
    fixed.concat(
      'rowhook-attempt',
      String(attempt),
      'webhook-id',
      webhookId,
      'webhook-timestamp',
      String(timestampSeconds),
      'webhook-signature',
      signature,
    )
}

/** What a secret header's value looks like in logs. */
export const MASK = '***'

// Headers that hold secrets by their nature, even when somebody put them among the shown ones.
const SECRET =
  /^(authorization|proxy-authorization|cookie|webhook-signature)$|api-?key|token|secret|passw|credential/

/** Whether a header of this name holds a secret, wherever it stands. */
export const isSecretName = (name: string): boolean => SECRET.test(name.toLowerCase())

/**
 * Headers as an object for the delivery log, by name in lower case, with secrets masked.
 * @param headers flat, as `headerBuilder` makes them
 * @param secretNames the endpoint's encrypted headers, in any case
 */
export function maskHeaders(
  headers: readonly string[],
  secretNames: Iterable<string>,
): Record<string, string> {
  const secret = new Set(Array.from(secretNames, (name) => name.toLowerCase()))
  const masked: Record<string, string> = {}
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    masked[name] = secret.has(name) || isSecretName(name) ? MASK : headers[i + 1]!
  }
  return masked
}

/** Those that follow from a request's line in the delivery log, as the log shows them. */
export const shownHeaders = (webhookId: string, attempt: number, at: Date): Record<string, string> => ({
  'rowhook-attempt': String(attempt),
  'webhook-id': webhookId,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
  'webhook-signature': MASK,
})
