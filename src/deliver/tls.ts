// TLS towards an endpoint: a private CA, a client certificate, and their check when an endpoint is made.

import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import type { InputProblem } from '../errors.ts'

/** An endpoint's own TLS settings, PEM, under the endpoint's field names. The key is decrypted. */
export interface TlsOptions {
  /** The CAs that the receiver's certificate may come from; they replace the well-known ones. */
  ca_certificate?: string | null | undefined
  /** What rowhook shows to a receiver that asks for a client certificate; with intermediates, if any. */
  client_certificate?: string | null | undefined
  client_key?: string | null | undefined
}

/** The options for `tls.connect`. Verification is always on, whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
export function tlsOptions(tls: TlsOptions | null | undefined): ConnectionOptions {
  return {
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(tls?.ca_certificate ? { ca: tls.ca_certificate } : {}),
    ...(tls?.client_certificate ? { cert: tls.client_certificate } : {}),
    ...(tls?.client_key ? { key: tls.client_key } : {}),
  }
}

/** What is wrong with an endpoint's TLS settings; empty when nothing is. Never echoes what was given. */
export function checkTls(tls: TlsOptions): InputProblem[] {
  const problems: InputProblem[] = []
  for (const path of ['ca_certificate', 'client_certificate'] as const) {
    const pem = tls[path]
    if (pem && !isCertificate(pem)) {
      problems.push({ path, message: 'is not a certificate in PEM (-----BEGIN CERTIFICATE----- …)' })
    }
  }
  if (problems.length > 0) return problems
  if (Boolean(tls.client_certificate) !== Boolean(tls.client_key)) {
    const path = tls.client_key ? 'client_certificate' : 'client_key'
    return [{ path, message: 'is missing; client_certificate and client_key come together' }]
  }
  return tls.client_key ? checkKeyPair(tls) : []
}

function checkKeyPair(tls: TlsOptions): InputProblem[] {
  try {
    createSecureContext({ cert: tls.client_certificate ?? '', key: tls.client_key ?? '' })
    return []
  } catch (error) {
    const mismatch = (error as NodeJS.ErrnoException).code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
    const message = mismatch
      ? 'does not belong to client_certificate'
      : 'is not an unencrypted private key in PEM (-----BEGIN PRIVATE KEY----- …)'
    return [{ path: 'client_key', message }]
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined
  } catch {
    return false
  }
}
