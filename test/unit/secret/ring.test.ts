import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../../src/errors.ts'
import { parseKeyRing } from '../../../src/secret/ring.ts'

const newKey = (): string => randomBytes(32).toString('base64')

describe('ROWHOOK_ENCRYPTION_KEY', () => {
  test('may hold one key, or several, newest first', () => {
    const [newer, older] = [newKey(), newKey()]
    const ring = parseKeyRing(` ${newer} , ${older} `)
    expect(ring.map(({ id }) => id)).toEqual(
      [...parseKeyRing(newer), ...parseKeyRing(older)].map(({ id }) => id),
    )
  })

  test('may be in the alphabet of URLs, and is the same key then', () => {
    const bytes = Buffer.alloc(32, 0xfb)
    const [standard] = parseKeyRing(bytes.toString('base64'))
    const [url] = parseKeyRing(bytes.toString('base64url'))
    expect(url!.id).toBe(standard!.id)
  })

  test.each([undefined, '', '  '])('may be missing: %j', (text) => {
    expect(parseKeyRing(text)).toEqual([])
  })

  test.each([
    ['hunter2 hunter2', 'the key is not base64'],
    ['hunter2=hunter2', 'the key is not base64'],
    [randomBytes(31).toString('base64'), 'the key is 31 bytes, not 32'],
    [randomBytes(32).toString('hex'), 'the key is 48 bytes, not 32'],
    [`${newKey()},hunter2`, 'key 2 of 2 is 5 bytes, not 32'],
    [`${newKey()},`, 'key 2 of 2 is not base64'],
  ])('cannot be this: %#', (text, message) => {
    expect(() => parseKeyRing(text)).toThrow(ConfigError)
    expect(() => parseKeyRing(text)).toThrow(
      expect.objectContaining({
        message: `ROWHOOK_ENCRYPTION_KEY: ${message}`,
        hint: 'Make one with: openssl rand -base64 32',
      }),
    )
  })

  test('cannot hold a key twice', () => {
    const key = newKey()
    expect(() => parseKeyRing(`${key},${newKey()},${key}`)).toThrow('the same key stands there twice')
  })
})
