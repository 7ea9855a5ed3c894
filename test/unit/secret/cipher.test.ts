import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ConfigError, DecryptionError } from '../../../src/errors.ts'
import { decrypt, encrypt, needsRotation } from '../../../src/secret/cipher.ts'
import { clientKeyIdentity, headerIdentity, signingIdentity } from '../../../src/secret/identity.ts'
import { parseKeyRing } from '../../../src/secret/ring.ts'

const newKey = (): string => randomBytes(32).toString('base64')
const key = newKey()
const ring = parseKeyRing(key)
const place = headerIdentity('7f1c', 'Authorization')

describe('a secret at rest', () => {
  test.each(['Bearer abc', '', 'Grüße 🐘', 'x'.repeat(100_000)])('comes back as it was: %#', (secret) => {
    expect(decrypt(ring, place, encrypt(ring, place, secret))).toBe(secret)
  })

  test('does not show, and never looks the same twice', () => {
    const [one, other] = [encrypt(ring, place, 'hunter2'), encrypt(ring, place, 'hunter2')]
    expect(one).toMatch(/^v1\.[\w-]{8}\.[\w-]{16}\.[\w-]{22}\.[\w-]+$/)
    expect(one).not.toBe(other)
    expect(Buffer.from(one.split('.')[4]!, 'base64url').toString('latin1')).not.toContain('hunter2')
  })

  test.each([
    headerIdentity('7f1c', 'x-api-key'),
    headerIdentity('0000', 'authorization'),
    signingIdentity('7f1c'),
    clientKeyIdentity('7f1c'),
    '',
  ])('does not decrypt in another place: %s', (elsewhere) => {
    const text = encrypt(ring, place, 'hunter2')
    expect(() => decrypt(ring, elsewhere, text)).toThrow(DecryptionError)
  })

  test('decrypts under the name of the header in any case', () => {
    expect(decrypt(ring, headerIdentity('7f1c', 'AUTHORIZATION'), encrypt(ring, place, 'hunter2'))).toBe(
      'hunter2',
    )
  })

  test('does not decrypt when a single character of it is changed', () => {
    const text = encrypt(ring, place, 'hunter2')
    for (let i = 0; i < text.length; i += 1) {
      const changed = text.slice(0, i) + (text[i] === 'A' ? 'g' : 'A') + text.slice(i + 1)
      expect(() => decrypt(ring, place, changed)).toThrow(DecryptionError)
    }
  })

  test.each(['', 'hunter2', 'v1', 'v1....', 'v2.a.b.c.d', 'v1.a.b.c.d.e'])('is never this: %j', (text) => {
    expect(() => decrypt(ring, place, text)).toThrow('is not in the form that rowhook stores secrets in')
    expect(() => decrypt(ring, place, text)).not.toThrow('hunter2')
  })

  test('cannot be made without a key, and the error says how to get one', () => {
    expect(() => encrypt([], place, 'hunter2')).toThrow(ConfigError)
    expect(() => encrypt([], place, 'hunter2')).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('ROWHOOK_ENCRYPTION_KEY is not set'),
        hint: expect.stringContaining('openssl rand -base64 32'),
      }),
    )
  })
})

describe('key rotation', () => {
  const newer = newKey()
  const both = parseKeyRing(`${newer},${key}`)
  const old = encrypt(ring, place, 'hunter2')

  test('keeps what the former key encrypted readable, and tells that it is due', () => {
    expect(decrypt(both, place, old)).toBe('hunter2')
    expect(needsRotation(both, old)).toBe(true)
    expect(needsRotation(ring, old)).toBe(false)
  })

  test('encrypts with the new key, which then is enough', () => {
    const anew = encrypt(both, place, decrypt(both, place, old))
    expect(needsRotation(both, anew)).toBe(false)
    expect(decrypt(parseKeyRing(newer), place, anew)).toBe('hunter2')
  })

  test('that dropped the former key too early says what to do', () => {
    expect(() => decrypt(parseKeyRing(newer), place, old)).toThrow(
      expect.objectContaining({
        code: 'undecryptable',
        message: expect.stringContaining('a key that ROWHOOK_ENCRYPTION_KEY does not hold'),
        hint: expect.stringContaining('Add the former key behind the current one'),
      }),
    )
  })
})
