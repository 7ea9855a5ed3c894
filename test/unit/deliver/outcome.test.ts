import { describe, expect, test } from 'vitest'
import type { Exchange } from '../../../src/deliver/exchange.ts'
import { judge, parseRetryAfter } from '../../../src/deliver/outcome.ts'

const keys = ['k1', 'k2', 'k3']
const nowMs = Date.UTC(2026, 10, 23, 8, 10, 0)

const exchange = (fields: Partial<Exchange>): Exchange => ({
  headers: {},
  body: '',
  truncated: false,
  durationMs: 1,
  ...fields,
})
const judged = (fields: Partial<Exchange>) => judge(exchange(fields), keys, nowMs)

describe('a success', () => {
  test.each([200, 201, 202, 204, 226, 299])('is %i', (status) => {
    expect(judged({ status })).toEqual({ kind: 'delivered' })
  })

  test.each([
    ['nothing', ''],
    ['a word', 'ok'],
    ['no JSON, though it looks like it', '{"failed":["k1"]'],
    ['JSON without failed', '{"ok":true}'],
    ['an empty list', '{"failed":[]}'],
    ['failed that is no list', '{"failed":"k1"}'],
    ['failed that is null', '{"failed":null}'],
    ['failed further inside', '{"result":{"failed":["k1"]}}'],
    ['a list', '[{"failed":["k1"]}]'],
    ['a text', '"\\"failed\\""'],
    ['keys that are not in the batch', '{"failed":["other"]}'],
    ['keys that are no texts', '{"failed":[1,null,{"k1":1}]}'],
  ])('is a 200 that says %s', (_, body) => {
    expect(judged({ status: 200, body })).toEqual({ kind: 'delivered' })
  })

  test('is a 200 longer than what is read, whatever it says', () => {
    expect(judged({ status: 200, truncated: true, body: '{"failed":["k1"]}' })).toEqual({ kind: 'delivered' })
  })
})

describe('a partial acknowledgement', () => {
  test('names what failed; what it names beyond the batch does not count', () => {
    const body = '{"failed":["k2","other",7,"k2"],"more":1}'
    expect(judged({ status: 207, body })).toEqual({ kind: 'partial', failed: new Set(['k2']) })
  })

  test('that names every message is a failure of the batch', () => {
    expect(judged({ status: 200, body: '{"failed":["k3","k1","k2"]}' })).toEqual({
      kind: 'failed',
      error: '200, but every message named as failed',
    })
  })

  test('has no effect in an answer that is no success', () => {
    expect(judged({ status: 500, body: '{"failed":["k2"]}' }).kind).toBe('failed')
  })
})

describe('a failure', () => {
  test.each([
    [300, '300 Multiple Choices (redirects are not followed)'],
    [302, '302 Found (redirects are not followed)'],
    [400, '400 Bad Request'],
    [404, '404 Not Found'],
    [500, '500 Internal Server Error'],
    [503, '503 Service Unavailable'],
    [599, '599'],
    [999, '999'],
  ])('is %i', (status, error) => {
    expect(judged({ status })).toEqual({ kind: 'failed', error })
  })

  test('is an exchange without an answer', () => {
    const error = { code: 'connect', message: 'connect ECONNREFUSED 127.0.0.1:9' } as const
    expect(judged({ error })).toEqual({ kind: 'failed', error: 'connect ECONNREFUSED 127.0.0.1:9' })
  })

  test('is an answer that broke off, though it began with 200', () => {
    const error = { code: 'timeout', message: 'timed out after 500 ms (body)' } as const
    expect(judged({ status: 200, body: '{"ok":', error })).toEqual({
      kind: 'failed',
      error: '200, then timed out after 500 ms (body)',
    })
  })

  test('says so when the endpoint is gone', () => {
    expect(judged({ status: 410 })).toEqual({ kind: 'failed', error: '410 Gone', gone: true })
  })

  test.each([429, 503])('with %i may ask for time', (status) => {
    expect(judged({ status, headers: { 'retry-after': '7' } })).toMatchObject({ retryAfterMs: 7_000 })
    expect(judged({ status, headers: { 'retry-after': 'soon' } })).not.toHaveProperty('retryAfterMs')
  })

  test.each([301, 400, 410, 500, 502])('with %i may not', (status) => {
    expect(judged({ status, headers: { 'retry-after': '7' } })).not.toHaveProperty('retryAfterMs')
  })
})

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 120 ', 120_000],
    ['3600', 3_600_000],
    ['86400', 3_600_000],
    ['99999999999999999999', 3_600_000],
    ['Mon, 23 Nov 2026 08:10:30 GMT', 30_000],
    ['Monday, 23-Nov-26 08:10:30 GMT', 30_000],
    ['Mon Nov 23 08:10:30 2026 GMT', 30_000],
    ['Mon Nov 23 08:10:30 2026', 30_000],
    ['Mon, 23 Nov 2026 07:00:00 GMT', 0],
    ['Tue, 24 Nov 2026 08:10:00 GMT', 3_600_000],
  ])('%s is %i ms', (value, expected) => {
    expect(parseRetryAfter(value, nowMs)).toBe(expected)
  })

  test.each([undefined, '', '-1', '1.5', '1e3', '0x10', 'soon', 'Mon, 99 Foo 2026', '2026-11-23T08:10:30Z'])(
    '%s is none',
    (value) => {
      expect(parseRetryAfter(value, nowMs)).toBeUndefined()
    },
  )
})
