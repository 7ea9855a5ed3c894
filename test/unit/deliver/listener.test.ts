import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Diverted, createListeners } from '../../../src/deliver/listener.ts'
import type { Exchange } from '../../../src/deliver/exchange.ts'
import type { SendRequest, Sender } from '../../../src/deliver/send.ts'

const answered: Exchange = { status: 200, headers: {}, body: 'endpoint', truncated: false, durationMs: 1 }

/** Listeners in front of a sender whose endpoint always answers. */
function setUp() {
  const listeners = createListeners()
  const sent: SendRequest[] = []
  const endpoint: Sender = {
    send: async (request) => {
      sent.push(request)
      return answered
    },
    forget: () => {},
    close: async () => {},
  }
  const given: Diverted[] = []
  const silent = vi.fn<() => void>()
  const listen = (sinkId = 1) =>
    listeners.add(sinkId, { id: 'l1', actor: 'token:ann' }, (request) => void given.push(request), silent)
  return { listeners, sender: listeners.divert(endpoint), sent, given, silent, listen }
}

const request: SendRequest = {
  endpointKey: 'stream:1',
  url: 'https://app.example.com/hooks/orders?a=b',
  headers: ['Authorization', 'Bearer hidden', 'x-env', 'prod', 'webhook-id', 'msg_1'],
  body: '{"data":[]}',
  timeoutMs: 1000,
  sinkId: 1,
  secretHeaders: ['authorization'],
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('without a listener everything goes to the endpoint', async () => {
  const { sender, sent } = setUp()
  expect(await sender.send(request)).toBe(answered)
  expect(sent).toEqual([request])
})

test('a listener gets the requests of its sink, secrets masked, and no others', async () => {
  const { sender, sent, given, listen } = setUp()
  listen(1)
  void sender.send(request)
  await sender.send({ ...request, sinkId: 2 })
  expect(sent).toHaveLength(1)
  expect(given).toEqual([
    {
      id: '1',
      path: '/hooks/orders?a=b',
      headers: { authorization: '***', 'x-env': 'prod', 'webhook-id': 'msg_1' },
      body: '{"data":[]}',
      timeout_ms: 1000,
    },
  ])
})

describe('an answer', () => {
  test('is the exchange, whose log names the listener', async () => {
    const { sender, listen } = setUp()
    const listener = listen()
    const exchange = sender.send(request)
    expect(listener.answer('1', { status: 503, headers: { 'retry-after': '5' }, body: 'later\0' })).toBe(true)
    expect(await exchange).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: 'later\uFFFD',
      listener: 'token:ann',
    })
    expect(listener.answer('1', { status: 200, headers: {}, body: '' })).toBe(false)
  })

  test('is cut at 64 kB, as every answer', async () => {
    const { sender, listen } = setUp()
    const listener = listen()
    const exchange = sender.send(request)
    listener.answer('1', { status: 200, headers: {}, body: 'x'.repeat(70_000) })
    const { body, truncated } = await exchange
    expect([body.length, truncated]).toEqual([65_536, true])
  })

  test('of an error is a failed request', async () => {
    const { sender, listen } = setUp()
    const listener = listen()
    const exchange = sender.send(request)
    listener.answer('1', { error: 'ECONNREFUSED' })
    expect((await exchange).error).toEqual({ code: 'listener', message: 'listener: ECONNREFUSED' })
  })

  test('of an error with characters that cannot be stored has others in their place', async () => {
    const { sender, listen } = setUp()
    const listener = listen()
    const exchange = sender.send(request)
    listener.answer('1', { error: 'a\0b\ud83d' })
    expect((await exchange).error).toEqual({ code: 'listener', message: 'listener: a\uFFFDb\uFFFD' })
  })

  test('that does not come in time is a timeout, and ends the listening', async () => {
    const { sender, listen, silent } = setUp()
    listen()
    const exchange = sender.send(request)
    await vi.advanceTimersByTimeAsync(3000)
    expect((await exchange).error?.code).toBe('timeout')
    expect(silent).toHaveBeenCalledOnce()
  })
})

describe('when the listener goes', () => {
  test('what is under way may still be answered, and new requests go to the endpoint', async () => {
    const { sender, sent, listen } = setUp()
    const listener = listen()
    const exchange = sender.send(request)
    const drained = listener.drain()
    expect(await sender.send(request)).toBe(answered)
    expect(sent).toHaveLength(1)
    listener.answer('1', { status: 200, headers: {}, body: '' })
    expect((await exchange).status).toBe(200)
    await drained
  })

  test('without a word, what is under way has failed', async () => {
    const { sender, listen, listeners } = setUp()
    const listener = listen()
    const exchange = sender.send(request)
    listener.leave()
    expect((await exchange).error?.code).toBe('aborted')
    expect(listeners.size).toBe(0)
  })
})
