import { randomBytes } from 'node:crypto'
import { Readable, pipeline } from 'node:stream'
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { httpReceiver, localSender, rawReceiver, requestTo } from './receivers.ts'

describe('a request', () => {
  test('is a POST with the given headers and the very bytes of the body', async () => {
    const receiver = await httpReceiver()
    const body = Buffer.from('{"name":"Grüße 🐘"}')
    const exchange = await localSender().send(requestTo(`${receiver.url}?tenant=7`, { body }))
    expect(exchange).toMatchObject({ status: 200, body: 'ok', truncated: false })
    expect(exchange.error).toBeUndefined()
    expect(receiver.requests).toMatchObject([
      {
        method: 'POST',
        url: '/hook?tenant=7',
        headers: {
          'content-type': 'application/json',
          'webhook-id': 'msg_1',
          'content-length': String(body.length),
          host: `127.0.0.1:${receiver.port}`,
        },
      },
    ])
    expect(receiver.requests[0]!.body.equals(body)).toBe(true)
  })

  test('takes a text, bytes, or pieces of bytes for a body', async () => {
    const receiver = await httpReceiver()
    const sender = localSender()
    await sender.send(requestTo(receiver.url, { body: '{"a":"ü"}' }))
    await sender.send(requestTo(receiver.url, { body: new TextEncoder().encode('{"a":"ü"}') }))
    await sender.send(requestTo(receiver.url, { body: [Buffer.from('{"a"'), Buffer.from(':"ü"}')] }))
    await sender.send(requestTo(receiver.url, { body: '' }))
    expect(receiver.requests.map(({ body }) => body.toString())).toEqual([
      '{"a":"ü"}',
      '{"a":"ü"}',
      '{"a":"ü"}',
      '',
    ])
  })

  test.each([100, 5_000_000])('of %i bytes is packed where the sink asks for gzip', async (size) => {
    const receiver = await httpReceiver()
    const body = randomBytes(size)
    await localSender().send(requestTo(receiver.url, { body, compression: 'gzip' }))
    const [received] = receiver.requests
    expect(received!.headers['content-encoding']).toBe('gzip')
    expect(received!.headers['webhook-id']).toBe('msg_1')
    expect(gunzipSync(received!.body).equals(body)).toBe(true)
  })

  test('that cannot be made is a failed exchange and not an exception', async () => {
    const receiver = await httpReceiver()
    const sender = localSender()
    const broken = await sender.send(requestTo(receiver.url, { headers: ['x-bad', 'a\r\nx-injected: 1'] }))
    expect(broken.error).toEqual({ code: 'request', message: 'invalid x-bad header' })
    expect((await sender.send(requestTo('not a url'))).error?.code).toBe('request')
    expect(receiver.requests).toEqual([])
  })
})

describe('an answer', () => {
  test('comes with its status, text, and the headers that matter', async () => {
    const receiver = await httpReceiver((_, response) => {
      response.writeHead(503, { 'Retry-After': '7', 'Content-Type': 'text/plain', 'set-cookie': 'a=b' })
      response.end('busy\0')
    })
    const exchange = await localSender().send(requestTo(receiver.url))
    expect(exchange).toMatchObject({ status: 503, body: 'busy\uFFFD', truncated: false })
    expect(exchange.headers).toEqual({ 'retry-after': '7', 'content-type': 'text/plain' })
    expect(exchange.durationMs).toBeGreaterThan(0)
  })

  test.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('packed as %s is unpacked', async (encoding, pack) => {
    const receiver = await httpReceiver((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding })
      response.end(pack('{"failed":["k1"]}'))
    })
    const exchange = await localSender().send(requestTo(receiver.url))
    expect(exchange).toMatchObject({ status: 200, body: '{"failed":["k1"]}', truncated: false })
  })

  test('that unpacks to more than is read counts as one that is longer', async () => {
    const receiver = await httpReceiver((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.end(gzipSync(Buffer.alloc(50_000_000)))
    })
    expect(await localSender().send(requestTo(receiver.url))).toMatchObject({ status: 200, truncated: true })
  })

  test('that is not packed as it says is taken as it is', async () => {
    const receiver = await httpReceiver((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      response.write('o')
      response.end('k')
    })
    const exchange = await localSender().send(requestTo(receiver.url))
    expect(exchange).toMatchObject({ status: 200, body: 'ok', truncated: false })
  })

  test.each([301, 302, 303, 307, 308])('of %i is not followed', async (status) => {
    const inner = await httpReceiver()
    const receiver = await httpReceiver((_, response) =>
      response.writeHead(status, { location: inner.url }).end(),
    )
    const exchange = await localSender().send(requestTo(receiver.url))
    expect(exchange.status).toBe(status)
    expect(exchange.error).toBeUndefined()
    expect(receiver.requests).toHaveLength(1)
    expect(inner.sockets).toEqual([])
  })

  test('of 64 kB is read whole', async () => {
    const receiver = await httpReceiver((_, response) => response.end('x'.repeat(65_536)))
    const exchange = await localSender().send(requestTo(receiver.url))
    expect(exchange).toMatchObject({ status: 200, truncated: false })
    expect(exchange.body).toHaveLength(65_536)
  })

  test('of 50 MB is cut at 64 kB, and the rest is never read', async () => {
    let written = 0
    const chunks = function* (): Generator<Buffer> {
      for (; written < 50_000_000; written += 65_536) yield Buffer.alloc(65_536, 'x')
    }
    const receiver = await httpReceiver((_, response) =>
      pipeline(Readable.from(chunks()), response, () => {}),
    )
    const exchange = await localSender().send(requestTo(receiver.url))
    expect(exchange).toMatchObject({ status: 200, truncated: true })
    expect(exchange.error).toBeUndefined()
    expect(exchange.body).toHaveLength(65_536)
    await eventually(() => expect(receiver.sockets[0]!.destroyed).toBe(true))
    expect(written).toBeLessThan(20_000_000) // what fits into the buffers of both sides
  })

  test('may be preceded by interim ones', async () => {
    const receiver = await rawReceiver(
      'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' +
        'HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok',
    )
    expect(await localSender().send(requestTo(receiver.url))).toMatchObject({ status: 201, body: 'ok' })
  })

  test('may come before the request was read, and counts', async () => {
    const receiver = await rawReceiver(
      'HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
    )
    const exchange = await localSender().send(requestTo(receiver.url, { body: Buffer.alloc(20_000_000) }))
    expect(exchange.status).toBe(413)
  })

  test('without a length ends with the connection', async () => {
    const receiver = await rawReceiver('HTTP/1.1 200 OK\r\n\r\nok', (socket) => socket.end())
    const exchange = await localSender().send(requestTo(receiver.url))
    expect(exchange).toMatchObject({ status: 200, body: 'ok' })
    expect(exchange.error).toBeUndefined()
  })
})

describe('connections', () => {
  test('are kept: requests one after the other share one', async () => {
    const receiver = await httpReceiver()
    const sender = localSender()
    for (let i = 0; i < 50; i += 1) await sender.send(requestTo(receiver.url))
    expect(receiver.requests).toHaveLength(50)
    expect(receiver.sockets).toHaveLength(1)
  })

  test('are as many as requests in flight, over many rounds', async () => {
    const receiver = await httpReceiver()
    const sender = localSender()
    const lane = async (): Promise<void> => {
      for (let i = 0; i < 25; i += 1) await sender.send(requestTo(receiver.url))
    }
    await Promise.all(Array.from({ length: 8 }, lane))
    expect(receiver.requests).toHaveLength(200)
    expect(receiver.sockets).toHaveLength(8)
  })

  test('are kept after an answer that is no success', async () => {
    const receiver = await httpReceiver((_, response) => response.writeHead(500).end('no'))
    const sender = localSender()
    for (let i = 0; i < 5; i += 1) await sender.send(requestTo(receiver.url))
    expect(receiver.sockets).toHaveLength(1)
  })

  test('are made anew when the receiver closes them, without a failed request', async () => {
    const receiver = await httpReceiver((_, response) =>
      response.writeHead(200, { connection: 'close' }).end('ok'),
    )
    const sender = localSender()
    for (let i = 0; i < 5; i += 1) {
      expect(await sender.send(requestTo(receiver.url))).toMatchObject({ status: 200 })
    }
    expect(receiver.sockets).toHaveLength(5)
  })

  test('that the receiver closed while idle are not used again', async () => {
    const receiver = await httpReceiver()
    const sender = localSender()
    await sender.send(requestTo(receiver.url))
    receiver.sockets[0]!.end()
    await eventually(() => expect(receiver.sockets[0]!.destroyed).toBe(true))
    expect(await sender.send(requestTo(receiver.url))).toMatchObject({ status: 200 })
    expect(receiver.sockets).toHaveLength(2)
  })

  test('are not shared between keys', async () => {
    const receiver = await httpReceiver()
    const sender = localSender()
    await sender.send(requestTo(receiver.url, { endpointKey: 'a' }))
    await sender.send(requestTo(receiver.url, { endpointKey: 'b' }))
    expect(receiver.sockets).toHaveLength(2)
  })

  test('are kept when only the path changes, and closed when the host does', async () => {
    const [first, second] = [await httpReceiver(), await httpReceiver()]
    const sender = localSender()
    await sender.send(requestTo(first.url))
    await sender.send(requestTo(`${first.url}/orders`))
    expect(first.sockets).toHaveLength(1)
    await sender.send(requestTo(second.url))
    expect(second.requests).toHaveLength(1)
    await eventually(() => expect(first.sockets[0]!.destroyed).toBe(true))
  })

  test('of a key are let go when it is forgotten, those in use once their exchange is over', async () => {
    const answer = Promise.withResolvers<void>()
    const receiver = await httpReceiver((_, response) => void answer.promise.then(() => response.end('late')))
    const sender = localSender()
    const sent = sender.send(requestTo(receiver.url))
    await eventually(() => expect(receiver.requests).toHaveLength(1))
    sender.forget('sink')
    answer.resolve()
    expect(await sent).toMatchObject({ status: 200, body: 'late' })
    // Well before an idle connection would end by itself, after 4 s.
    await eventually(() => expect(receiver.sockets[0]!.destroyed).toBe(true), { timeoutMs: 2_000 })
  })

  test('of one slow receiver take none from another', async () => {
    const slow = await httpReceiver(() => {})
    const healthy = await httpReceiver()
    const sender = localSender()
    const given = new AbortController()
    const stuck = Array.from({ length: 100 }, () =>
      sender.send(requestTo(slow.url, { endpointKey: 'slow', signal: given.signal })),
    )
    expect(await sender.send(requestTo(healthy.url, { endpointKey: 'healthy' }))).toMatchObject({
      status: 200,
    })
    given.abort()
    const ends = await Promise.all(stuck)
    expect(new Set(ends.map(({ error }) => error?.code))).toEqual(new Set(['aborted']))
  })
})

describe('giving up', () => {
  test('ends an exchange in flight and its connection', async () => {
    const receiver = await httpReceiver(() => {})
    const given = new AbortController()
    const sent = localSender().send(requestTo(receiver.url, { signal: given.signal }))
    await eventually(() => expect(receiver.requests).toHaveLength(1))
    given.abort()
    expect((await sent).error).toEqual({ code: 'aborted', message: 'given up' })
    await eventually(() => expect(receiver.sockets[0]!.destroyed).toBe(true))
  })

  test('beforehand sends nothing', async () => {
    const receiver = await httpReceiver()
    const exchange = await localSender().send(requestTo(receiver.url, { signal: AbortSignal.abort() }))
    expect(exchange.error?.code).toBe('aborted')
    expect(receiver.sockets).toEqual([])
  })
})

describe('a sender that is closed', () => {
  test('waits for the exchanges in flight and sends nothing more', async () => {
    const answer = Promise.withResolvers<void>()
    const receiver = await httpReceiver((_, response) => void answer.promise.then(() => response.end('late')))
    const sender = localSender()
    const sent = sender.send(requestTo(receiver.url))
    await eventually(() => expect(receiver.requests).toHaveLength(1))
    const closed = sender.close()
    expect((await sender.send(requestTo(receiver.url))).error?.code).toBe('aborted')
    answer.resolve()
    await closed
    expect(await sent).toMatchObject({ status: 200, body: 'late' })
    await eventually(() => expect(receiver.sockets.every(({ destroyed }) => destroyed)).toBe(true))
    expect(receiver.requests).toHaveLength(1)
  })
})
