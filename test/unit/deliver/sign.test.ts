import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { newSecret, parseSecret, prepareKeys, sign } from '../../../src/deliver/sign.ts'

const vector = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1614265330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const inBase64 = (bytes: number): string => randomBytes(bytes).toString('base64')

describe('a signature', () => {
  test("is the one of Standard Webhooks' test vector", () => {
    const keys = prepareKeys([vector.secret])
    expect(sign(keys, vector.id, vector.timestamp, vector.body)).toBe(vector.signature)
    expect(sign(keys, vector.id, vector.timestamp, Buffer.from(vector.body))).toBe(vector.signature)
  })

  test('is accepted by the reference library, over text beyond ASCII too', () => {
    const secret = newSecret()
    const now = Math.floor(Date.now() / 1000)
    const body = '{"name":"Grüße 🐘"}'
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(now),
      'webhook-signature': sign(prepareKeys([secret]), 'msg_1', now, Buffer.from(body)),
    }
    expect(new Webhook(secret).verify(body, headers)).toEqual({ name: 'Grüße 🐘' })
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow('No matching signature')
    expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow('No matching signature')
    expect(() => new Webhook(secret).verify(body, { ...headers, 'webhook-id': 'msg_2' })).toThrow(
      'No matching signature',
    )
  })

  test('stands once for each secret during a rotation, newest first, and either verifies', () => {
    const [newer, older] = [newSecret(), newSecret()]
    const now = Math.floor(Date.now() / 1000)
    const signature = sign(prepareKeys([newer, older]), 'msg_1', now, '{}')
    expect(signature.split(' ')).toEqual([
      sign(prepareKeys([newer]), 'msg_1', now, '{}'),
      sign(prepareKeys([older]), 'msg_1', now, '{}'),
    ])
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(now),
      'webhook-signature': signature,
    }
    expect(new Webhook(newer).verify('{}', headers)).toEqual({})
    expect(new Webhook(older).verify('{}', headers)).toEqual({})
  })
})

describe('a secret', () => {
  test('is made of 32 random bytes', () => {
    const [one, other] = [newSecret(), newSecret()]
    expect(one).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(one).not.toBe(other)
    expect(parseSecret(one)).toBe(one)
  })

  test.each([24, 32, 64])('may have %i bytes, with or without the prefix', (bytes) => {
    const encoded = inBase64(bytes)
    expect(parseSecret(`whsec_${encoded}`)).toBe(`whsec_${encoded}`)
    expect(parseSecret(encoded)).toBe(`whsec_${encoded}`)
    expect(parseSecret(encoded.replace(/=+$/, ''))).toBe(`whsec_${encoded}`)
  })

  test.each([
    ['', 'is not whsec_ followed by standard base64'],
    ['whsec_', 'is not whsec_ followed by standard base64'],
    ['correct horse battery staple', 'is not whsec_ followed by standard base64'],
    [`whsec_${'-_'.repeat(22)}`, 'is not whsec_ followed by standard base64'],
    [`whsec_${inBase64(32)}\n`, 'is not whsec_ followed by standard base64'],
    [`whsk_${inBase64(32)}`, 'is not whsec_ followed by standard base64'],
    [`whsec_${inBase64(23)}`, 'must be 24 to 64 random bytes in base64, this is 23'],
    [`whsec_${inBase64(65)}`, 'must be 24 to 64 random bytes in base64, this is 65'],
  ])('cannot be %j', (text, message) => {
    expect(() => parseSecret(text, 'endpoints[0].signing_secret')).toThrow(
      expect.objectContaining({ problems: [{ path: 'endpoints[0].signing_secret', message }] }),
    )
  })

  test('is not repeated in the error', () => {
    expect(() => parseSecret('whsec_hunter2hunter2')).not.toThrow('hunter2')
  })
})
