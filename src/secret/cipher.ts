// Secrets at rest: AES-256-GCM, one random nonce each, bound to the place where it is stored. A ciphertext
// that is copied to another row or column does not decrypt there (identity.ts names the places), so who can
// only write to the database cannot have one endpoint's secret sent to another's URL.
//
// Form: v1.<key id>.<nonce>.<tag>.<ciphertext>, the last three in base64url. Random 96-bit nonces are safe
// for some 2^32 secrets per key.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { ConfigError, DecryptionError } from '../errors.ts'
import type { EncryptionKey, KeyRing } from './ring.ts'

const VERSION = 'v1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts with the newest key.
 * @param identity where it will be stored; the same is needed to decrypt
 * @throws ConfigError when no key is set.
 */
export function encrypt(ring: KeyRing, identity: string, plaintext: string): string {
  const [newest] = ring
  if (newest === undefined) {
    throw new ConfigError('ROWHOOK_ENCRYPTION_KEY is not set, so no secret can be stored', {
      hint: 'Set it to 32 random bytes in base64 (openssl rand -base64 32) on every rowhook and start again.',
    })
  }
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', newest.key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(identity))
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
  return [
    VERSION,
    newest.id,
    ...[nonce, cipher.getAuthTag(), ciphertext].map((part) => part.toString('base64url')),
  ].join('.')
}

/**
 * @throws DecryptionError when the key is not in the ring, or the text was damaged, tampered with, or
 *   stored in another place than `identity`.
 */
export function decrypt(ring: KeyRing, identity: string, text: string): string {
  const { keyId, nonce, tag, ciphertext } = parse(text, identity)
  const key = keyOf(ring, keyId, identity)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(identity))
    decipher.setAuthTag(tag)
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new DecryptionError(
      `The secret ${identity} does not decrypt: it was changed, or moved from elsewhere`,
      {
        hint: 'Set the secret again.',
        cause,
      },
    )
  }
}

/** Whether it was made by another key than the newest, so that it should be encrypted anew. */
export function needsRotation(ring: KeyRing, text: string): boolean {
  const [newest] = ring
  return newest !== undefined && text.split('.', 2)[1] !== newest.id
}

function keyOf(ring: KeyRing, keyId: string, identity: string): EncryptionKey {
  const key = ring.find(({ id }) => id === keyId)
  if (key !== undefined) return key
  throw new DecryptionError(
    `The secret ${identity} was encrypted with a key that ROWHOOK_ENCRYPTION_KEY does not hold`,
    {
      hint: 'Add the former key behind the current one, separated by a comma, or set the secret again.',
    },
  )
}

interface Parts {
  keyId: string
  nonce: Buffer
  tag: Buffer
  ciphertext: Buffer
}

function parse(text: string, identity: string): Parts {
  const [version, keyId = '', ...encoded] = text.split('.')
  const [nonce, tag, ciphertext] = encoded.map((part) => Buffer.from(part, 'base64url'))
  const whole = version === VERSION && nonce?.length === NONCE_BYTES && tag?.length === TAG_BYTES
  if (whole && ciphertext !== undefined && encoded.length === 3) return { keyId, nonce, tag, ciphertext }
  throw new DecryptionError(`The secret ${identity} is not in the form that rowhook stores secrets in`, {
    hint: 'Set the secret again.',
  })
}
