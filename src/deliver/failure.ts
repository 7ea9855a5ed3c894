// From an error of DNS, TCP, TLS or HTTP to a stable code and one short sentence for people: this is
// what stands in a delivery's log and as a sink's last error. Pure.

import { errors } from 'undici'
import { AddressRefusedError } from '../errors.ts'
import type { DialPhase } from './connect.ts'
import { ProxyError } from './proxy.ts'

/** Why an exchange brought no whole answer. */
export interface Failure {
  code: FailureCode
  /** For people, at most 300 characters. */
  message: string
}

export type FailureCode =
  | 'timeout'
  | 'address_refused'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'proxy'
  | 'closed' // the receiver closed or reset the connection before its answer was whole
  | 'protocol' // what came is not HTTP/1.1
  | 'request' // the request could not be made: a wrong URL, header or TLS setting
  | 'listener' // who listened in the receiver's place got no answer either
  | 'aborted' // given up by rowhook itself
  | 'unsent' // not a byte of it was written: when the connection stood, it was no longer to be sent
  | 'internal' // a fault of rowhook's own

/** What an exchange was waiting for. */
export type Phase = DialPhase | 'headers' | 'body'

/** The failure of an exchange that was not over in time. */
export function timedOut(timeoutMs: number, phase: Phase): Failure {
  return { code: 'timeout', message: `timed out after ${timeoutMs} ms (${phase})` }
}

/** The failure that stands for an error thrown by the sender, undici or Node. */
export function failureOf(error: unknown): Failure {
  const [code, message] = classify(error as NodeJS.ErrnoException)
  const short = message.length > 300 ? `${message.slice(0, 299)}…` : message
  return { code, message: storable(short) }
}

/**
 * A text from elsewhere as it can be saved with a run's progress. Postgres takes neither NUL nor half a
 * surrogate pair: the save would fail, and be tried again for ever.
 */
export const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

const CLOSED = 'connection closed by the receiver before its answer was whole'

const BY_CODE: Record<string, [FailureCode, string]> = {
  ENOTFOUND: ['dns', 'DNS: no such host'],
  ENODATA: ['dns', 'DNS: the host has no address'],
  EAI_AGAIN: ['dns', 'DNS: the resolver did not answer'],
  ECONNRESET: ['closed', 'connection reset by the receiver'],
  EPIPE: ['closed', 'connection reset by the receiver'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['protocol', 'the answer is not as long as its content-length says'],
  UND_ERR_HEADERS_OVERFLOW: ['protocol', "the answer's headers are longer than 16 kB"],
  UND_ERR_ABORTED: ['aborted', 'given up'],
  UND_ERR_DESTROYED: ['aborted', 'given up'],
  UND_ERR_CLOSED: ['aborted', 'given up'],
}

// undici gives one code for several things; only the message tells them apart.
const BY_SOCKET_MESSAGE: Record<string, [FailureCode, string]> = {
  'bad response': [
    'protocol',
    'not HTTP/1.1: an answer that nobody asked for (100 Continue, or bytes after the last)',
  ],
  'bad upgrade': ['protocol', 'not HTTP/1.1: the receiver switched to another protocol'],
}

function classify(error: NodeJS.ErrnoException): [FailureCode, string] {
  const { code = '', message } = error
  if (error instanceof AddressRefusedError) return [error.code, `${message}. ${error.hint}`]
  if (error instanceof ProxyError) return [error.code, message]
  if (code in BY_CODE) return BY_CODE[code]!
  if (code === 'UND_ERR_SOCKET') return BY_SOCKET_MESSAGE[message] ?? ['closed', CLOSED]
  if (error instanceof errors.HTTPParserError) return ['protocol', `not HTTP/1.1: ${parserReason(message)}`]
  if (/^(UND_ERR_INVALID_ARG|UND_ERR_NOT_SUPPORTED|ERR_INVALID_URL)$/.test(code)) return ['request', message]
  if (isTls(code)) return ['tls', `TLS: ${tlsReason(error)}`]
  if (error.syscall === 'getaddrinfo') return ['dns', `DNS: ${code}`]
  if (error instanceof AggregateError) return ['connect', eachAddress(error)]
  if (error.syscall === 'connect') return ['connect', message]
  return ['connect', code === '' || message.includes(code) ? message : `${code}: ${message}`]
}

// undici wraps the parser's reason: "Response does not match the HTTP/1.1 protocol (Expected HTTP/)".
function parserReason(message: string): string {
  return /\((.+)\)$/.exec(message)?.[1] ?? message
}

// Node's own checks (ERR_TLS_…), OpenSSL's protocol errors (ERR_SSL_…, ERR_OSSL_…, EPROTO), and the
// results of verifying a certificate, whose names share no prefix.
function isTls(code: string): boolean {
  if (/^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$)/.test(code)) return true
  return /CERT|CRL|^UNABLE_TO_|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$/.test(code)
}

function tlsReason({ code = '', message, reason }: NodeJS.ErrnoException & { reason?: string }): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `the certificate is for another host. ${reason ?? ''}`
  // Node goes on about one of its own flags, which is not the way here.
  if (/^UNABLE_TO_|SELF_SIGNED/.test(code))
    return `${message.split(';')[0]}; a private CA goes into ca_certificate`
  return reason ?? message
}

// Node tried every address of the name; the aggregate's own message is empty.
function eachAddress(error: AggregateError): string {
  const messages = (error.errors as Error[]).map(({ message }) => message)
  return [...new Set(messages)].slice(0, 3).join('; ')
}
