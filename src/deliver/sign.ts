// Signatures as Standard Webhooks 1.0.0 wants them: HMAC-SHA256 ("v1") over id, timestamp and body.
// Pure; where secrets are kept is src/secret.

import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { InputError } from '../errors.ts'

const PREFIX = 'whsec_'
const MIN_BYTES = 24
const MAX_BYTES = 64

/** A new signing secret: `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  return PREFIX + randomBytes(32).toString('base64')
}

/**
 * Checks a secret that somebody brings along and returns it in its one spelling, with the prefix.
 * @throws InputError at `path` that says what is wrong and does not repeat the secret.
 */
export function parseSecret(text: string, path = 'signing_secret'): string {
  const bytes = decode(text)
  if (bytes === undefined) {
    throw new InputError([{ path, message: `is not ${PREFIX} followed by standard base64` }], { hint: HINT })
  }
  if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) {
    const message = `must be ${MIN_BYTES} to ${MAX_BYTES} random bytes in base64, this is ${bytes.length}`
    throw new InputError([{ path, message }], { hint: HINT })
  }
  return PREFIX + bytes.toString('base64')
}

const HINT = 'Leave it out to have one made.'

/** Keys for `sign`, newest first, made once and kept as long as an endpoint's secrets stay the same. */
export type SigningKeys = readonly KeyObject[]

/**
 * Keys of secrets in the form that `newSecret` and `parseSecret` return.
 * @throws InputError when one is in another form.
 */
export function prepareKeys(secrets: readonly string[]): SigningKeys {
  return secrets.map((secret) => createSecretKey(decode(parseSecret(secret))!))
}

/**
 * Keys of secrets that sign until a time, in Unix milliseconds. The returned function gives those that sign at
 * a time, which must not be earlier than the last one that it was asked for: a run may outlive an overlap.
 */
export function expiringKeys(
  secrets: readonly { secret: string; until: number }[],
): (nowMs: number) => SigningKeys {
  let left = secrets
  let keys = prepareKeys(left.map((s) => s.secret))
  let next = Math.min(...left.map((s) => s.until))
  return (nowMs) => {
    if (nowMs < next) return keys
    left = left.filter((s) => s.until > nowMs)
    keys = prepareKeys(left.map((s) => s.secret))
    next = Math.min(...left.map((s) => s.until))
    return keys
  }
}

/**
 * The value of `webhook-signature`: one signature per key, in their order, so that a receiver that knows
 * any of the secrets accepts it.
 * @param timestampSeconds of this attempt; goes into `webhook-timestamp` as it is
 * @param body the very bytes that are sent (before gzip)
 */
export function sign(
  keys: SigningKeys,
  id: string,
  timestampSeconds: number,
  body: string | Uint8Array,
): string {
  const head = `${id}.${timestampSeconds}.`
  let signatures = ''
  for (const key of keys) {
    const signature = createHmac('sha256', key).update(head).update(body).digest('base64')
    signatures += signatures === '' ? `v1,${signature}` : ` v1,${signature}`
  }
  return signatures
}

// Buffer.from skips what is not base64; a secret with a typo must not silently become another one.
function decode(text: string): Buffer | undefined {
  const encoded = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text
  const bytes = Buffer.from(encoded, 'base64')
  const unpadded = encoded.replace(/=+$/, '')
  return unpadded !== '' && bytes.toString('base64').replace(/=+$/, '') === unpadded ? bytes : undefined
}
