// The keys that secrets are encrypted with, as ROWHOOK_ENCRYPTION_KEY gives them: the newest encrypts,
// all decrypt. cipher.ts uses them.

import { createHash, createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { ConfigError } from '../errors.ts'

const KEY_BYTES = 32
const MAKE_ONE = 'Make one with: openssl rand -base64 32'

/** One key. Its id stands in every ciphertext that it made and tells nothing about it. */
export interface EncryptionKey {
  id: string
  key: KeyObject
}

/** Newest first; empty when no key is set, which is fine until a secret has to be stored. */
export type KeyRing = readonly EncryptionKey[]

/**
 * Reads keys of 32 bytes in base64, comma-separated, newest first.
 * @throws ConfigError that names the variable and which key is wrong, and echoes none of them.
 */
export function parseKeyRing(text: string | undefined): KeyRing {
  if (text === undefined || text.trim() === '') return []
  const keys = text.split(',').map((entry, index, all) => {
    const which = all.length === 1 ? 'the key' : `key ${index + 1} of ${all.length}`
    return parseKey(entry.trim(), which)
  })
  if (new Set(keys.map(({ id }) => id)).size < keys.length) {
    throw new ConfigError('ROWHOOK_ENCRYPTION_KEY: the same key stands there twice', { hint: 'Remove one.' })
  }
  return keys
}

function parseKey(text: string, which: string): EncryptionKey {
  const bytes = Buffer.from(text, 'base64')
  const problem = !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
    ? 'is not base64'
    : bytes.length === KEY_BYTES
      ? undefined
      : `is ${bytes.length} bytes, not ${KEY_BYTES}`
  if (problem !== undefined)
    throw new ConfigError(`ROWHOOK_ENCRYPTION_KEY: ${which} ${problem}`, { hint: MAKE_ONE })
  // A hash under a name of its own, so that the id cannot be mistaken for, or used as, anything else's.
  const id = createHash('sha256').update('rowhook key id\0').update(bytes).digest('base64url').slice(0, 8)
  return { id, key: createSecretKey(bytes) }
}
