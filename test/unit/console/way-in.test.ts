import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { isSameOrigin, localPath } from '../../../src/console/security.ts'
import { type Sessions, createSessions } from '../../../src/console/session.ts'
import { encrypt } from '../../../src/secret/cipher.ts'
import { parseKeyRing } from '../../../src/secret/ring.ts'

const key = () => randomBytes(32).toString('base64')

/** What is in the cookie that `begin` sets, as another set of sessions reads it. */
async function carry(from: Sessions, to: Sessions) {
  const app = new Hono()
  app.get('/in', (c) => {
    from.begin(c, 'the-token')
    return c.text('')
  })
  app.get('/me', (c) => c.json(to.of(c) ?? null))
  const cookie = (await app.request('/in')).headers.get('set-cookie')!.split(';')[0]!
  return async (change = (text: string) => text) =>
    (await (await app.request('/me', { headers: { cookie: change(cookie) } })).json()) as {
      token: string
    } | null
}

describe('a session', () => {
  test('is read by every process that has the key', async () => {
    const text = key()
    const read = await carry(createSessions(parseKeyRing(text)), createSessions(parseKeyRing(text)))
    expect(await read()).toMatchObject({ token: 'the-token' })
  })

  test('goes on while the key is rotated', async () => {
    const [old, fresh] = [key(), key()]
    const read = await carry(
      createSessions(parseKeyRing(old)),
      createSessions(parseKeyRing(`${fresh},${old}`)),
    )
    expect(await read()).toMatchObject({ token: 'the-token' })
  })

  test('without a key is of this process alone', async () => {
    const sessions = createSessions([])
    expect(await (await carry(sessions, sessions))()).toMatchObject({ token: 'the-token' })
    expect(await (await carry(sessions, createSessions([])))()).toBeNull()
  })

  test('is nothing once it was tampered with', async () => {
    const sessions = createSessions([])
    const read = await carry(sessions, sessions)
    expect(await read((cookie) => `${cookie.slice(0, -2)}${cookie.endsWith('AA') ? 'BB' : 'AA'}`)).toBeNull()
    expect(await read(() => 'rowhook_session=')).toBeNull()
  })

  test('cannot be made out of a secret that the same key has encrypted', async () => {
    const ring = parseKeyRing(key())
    const read = await carry(createSessions(ring), createSessions(ring))
    const stored = encrypt(ring, 'console:session', JSON.stringify({ token: 'x', id: 'y', expiresAt: 9e9 }))
    expect(await read(() => `rowhook_session=${stored}`)).toBeNull()
  })

  test('knows its own form token only', () => {
    const sessions = createSessions([])
    const [mine, other] = ['a', 'b'].map((id) => ({ token: 't', id, expiresAt: 9e9 }))
    expect(sessions.isFormToken(mine!, sessions.formToken(mine!))).toBe(true)
    expect(sessions.isFormToken(mine!, sessions.formToken(other!))).toBe(false)
    for (const wrong of [undefined, '', 'é'.repeat(43)])
      expect(sessions.isFormToken(mine!, wrong)).toBe(false)
  })
})

describe('the page after the sign-in', () => {
  test.each(['/sinks/orders?window=6h', '/'])('may be %s', (path) => {
    expect(localPath(path)).toBe(path)
  })

  test.each([
    undefined,
    '',
    'sinks',
    '//host/',
    '/\\host/',
    '/a\\b',
    'https://host/',
    '/a b',
    '/a\nb',
    '/\t/host',
  ])('is the list of sinks in place of %j', (path) => {
    expect(localPath(path)).toBe('/sinks')
  })
})

describe('the origin of a form', () => {
  const from = (headers: Record<string, string>) =>
    isSameOrigin(new Request('http://rowhook.internal/sinks', { method: 'POST', headers }))

  test.each([
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site', origin: 'http://rowhook.internal' }, false],
    [{ origin: 'http://rowhook.internal' }, true],
    [{ origin: 'https://console.example', host: 'console.example' }, true],
    [{ origin: 'http://rowhook.internal:81' }, false],
    [{ origin: 'null' }, false],
    [{}, true],
  ])('%j: %s', (headers, isOurs) => {
    expect(from(headers as unknown as Record<string, string>)).toBe(isOurs)
  })
})
