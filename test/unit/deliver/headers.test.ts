import { describe, expect, test } from 'vitest'
import { checkHeaders, headerBuilder, maskHeaders } from '../../../src/deliver/headers.ts'

describe("an endpoint's headers", () => {
  test('may be any that are not ours', () => {
    const headers = { 'x-env': 'prod', Accept: '*/*', 'X-Umlaut': 'für', 'x-empty': '', 'x-tab': 'a\tb' }
    expect(
      checkHeaders({ headers, encrypted_headers: { Authorization: 'Bearer abc', cookie: 'a=b' } }),
    ).toEqual([])
    expect(checkHeaders({})).toEqual([])
  })

  test.each([
    'Host',
    'content-length',
    'Transfer-Encoding',
    'connection',
    'keep-alive',
    'upgrade',
    'te',
    'trailer',
    'expect',
    'proxy-authorization',
    'proxy-connection',
    'http2-settings',
    'Content-Type',
    'content-encoding',
    'accept-encoding',
    'User-Agent',
    'webhook-id',
    'Webhook-Signature',
    'webhook-anything',
    'rowhook-sink',
    'ROWHOOK-ATTEMPT',
    'rowhook-anything',
  ])('cannot override %s', (name) => {
    const message = 'is set by rowhook itself and cannot be overridden; choose another name'
    expect(checkHeaders({ headers: { [name]: 'x' } })).toEqual([{ path: `headers.${name}`, message }])
    expect(checkHeaders({ encrypted_headers: { [name]: 'x' } })).toMatchObject([
      { path: `encrypted_headers.${name}` },
    ])
  })

  test.each(['', 'x env', 'x:env', 'x-env:', 'x\r\ny', 'x-ä', '(x)', 'x,y', 'x'.repeat(101)])(
    'cannot be named %j',
    (name) => {
      expect(checkHeaders({ headers: { [name]: 'x' } })).toMatchObject([
        {
          path: `headers.${name}`,
          message: expect.stringMatching(/is not a header name|is longer than 100/),
        },
      ])
    },
  )

  test.each([
    ['hunter2\r\nx-injected: 1', 'holds a line break or NUL'],
    ['hunter2\n', 'holds a line break or NUL'],
    ['hunter2\0', 'holds a line break or NUL'],
    ['hunter2\x07', 'holds control characters'],
    ['hunter2\x7f', 'holds control characters'],
    ['hunter2 🐘', 'outside of Latin-1'],
    [' hunter2', 'begins or ends with a blank'],
    ['hunter2\t', 'begins or ends with a blank'],
    ['hunter2'.repeat(1_200), 'is longer than 8192 characters'],
  ])('cannot hold %j, and the problem does not repeat it', (value, message) => {
    const problems = checkHeaders({ encrypted_headers: { 'x-key': value } })
    expect(problems).toEqual([{ path: 'encrypted_headers.x-key', message: expect.stringContaining(message) }])
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })

  test('cannot stand twice, in whatever case, also not once shown and once encrypted', () => {
    const message = expect.stringContaining('is set twice')
    expect(checkHeaders({ headers: { 'X-Key': 'a', 'x-key': 'b' } })).toEqual([
      { path: 'headers.x-key', message },
    ])
    expect(checkHeaders({ headers: { 'x-key': 'a' }, encrypted_headers: { 'X-KEY': 'b' } })).toEqual([
      { path: 'encrypted_headers.X-KEY', message },
    ])
  })

  test('are at most 50', () => {
    const many = (n: number) => ({
      headers: Object.fromEntries(Array.from({ length: n }, (_, i) => [`x-${i}`, ''])),
    })
    expect(checkHeaders(many(50))).toEqual([])
    expect(checkHeaders(many(51))).toEqual([{ path: 'headers', message: 'at most 50 headers' }])
  })
})

describe('the headers of a request', () => {
  const build = headerBuilder({ endpointHeaders: { 'x-env': 'prod' }, sinkName: 'orders', version: '1.2.3' })

  test("are the endpoint's and ours", () => {
    const pairs = [
      ['x-env', 'prod'],
      ['content-type', 'application/json'],
      ['user-agent', 'rowhook/1.2.3'],
      ['rowhook-sink', 'orders'],
      ['rowhook-attempt', '2'],
      ['webhook-id', 'msg_1'],
      ['webhook-timestamp', '1614265330'],
      ['webhook-signature', 'v1,abc'],
    ]
    expect(build('msg_1', 2, 1614265330, 'v1,abc')).toEqual(pairs.flat())
  })

  test('of one request do not show in the next', () => {
    const first = build('msg_1', 1, 1, 'v1,a')
    first.push('x-more', '1')
    expect(build('msg_2', 1, 2, 'v1,b')).not.toContain('x-more')
  })
})

describe('headers in the delivery log', () => {
  test('show what is no secret, and mask encrypted ones, signatures, and what is a secret by its name', () => {
    const headers = [
      'X-Env',
      'prod',
      'X-Mine',
      's1',
      'Authorization',
      's2',
      'Cookie',
      's3',
      'x-api-key',
      's4',
    ]
    headers.push('X-Auth-Token', 's5', 'webhook-signature', 'v1,s6', 'webhook-id', 'msg_1')
    expect(maskHeaders(headers, ['x-mine'])).toEqual({
      'x-env': 'prod',
      'x-mine': '***',
      authorization: '***',
      cookie: '***',
      'x-api-key': '***',
      'x-auth-token': '***',
      'webhook-signature': '***',
      'webhook-id': 'msg_1',
    })
  })
})
