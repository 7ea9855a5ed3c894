// What goes wrong on the way is a value with a stable code and a sentence for people.

import { describe, expect, test } from 'vitest'
import { parseNetworks } from '../../../src/deliver/networks.ts'
import { eventually } from '../../support/eventually.ts'
import { httpReceiver, localSender, rawReceiver, requestTo, tcpReceiver } from './receivers.ts'

const fails = async (url: string, options: Parameters<typeof localSender>[0] = {}) => {
  const { error, status } = await localSender(options).send(requestTo(url))
  return { ...error, status }
}

const resolvesTo = (...addresses: string[]) => ({
  resolve: () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))),
})

describe('connecting', () => {
  test('to a port where nobody listens', async () => {
    expect(await fails('http://127.0.0.1:9/')).toEqual({
      code: 'connect',
      message: 'connect ECONNREFUSED 127.0.0.1:9',
      status: undefined,
    })
  })

  test('to a name none of whose addresses answers', async () => {
    const opened = { allowNetworks: parseNetworks('127.0.0.0/8'), ...resolvesTo('127.0.0.1', '127.0.0.2') }
    expect(await fails('http://a.example:9/', opened)).toMatchObject({
      code: 'connect',
      message: 'connect ECONNREFUSED 127.0.0.1:9; connect ECONNREFUSED 127.0.0.2:9',
    })
  })

  test('to a name that does not exist', async () => {
    const resolve = () =>
      Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }))
    expect(await fails('http://nowhere.example/', { resolve })).toMatchObject({
      code: 'dns',
      message: 'DNS: no such host',
    })
  })

  test('to a name whose resolver fails', async () => {
    const resolve = () =>
      Promise.reject(Object.assign(new Error('x'), { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }))
    expect(await fails('http://nowhere.example/', { resolve })).toMatchObject({
      code: 'dns',
      message: 'DNS: the resolver did not answer',
    })
  })
})

describe('addresses that are not public', () => {
  test.each([
    'http://10.0.0.1/',
    'http://2130706434/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'https://0x0a000001/',
  ])('are refused as a literal: %s', async (url) => {
    const failure = await fails(url)
    expect(failure.code).toBe('address_refused')
    expect(failure.message).toMatch(/is not public .*ROWHOOK_ALLOW_NETWORKS/)
  })

  test('are refused behind a name', async () => {
    const receiver = await httpReceiver(undefined, { host: '0.0.0.0' })
    const failure = await fails(`http://a.example:${receiver.port}/`, resolvesTo('127.0.0.2'))
    expect(failure.code).toBe('address_refused')
    expect(failure.message).toMatch(/a\.example .*127\.0\.0\.2 \(loopback\).*ROWHOOK_ALLOW_NETWORKS/)
    expect(receiver.sockets).toEqual([])
  })

  test('are refused behind a name of the system itself', async () => {
    expect(await fails('http://localhost:9/', { allowNetworks: [] })).toMatchObject({
      code: 'address_refused',
    })
  })

  test('are refused to a name that was public at first and is bound to a private one later', async () => {
    const receiver = await httpReceiver(
      (_, response) => response.writeHead(200, { connection: 'close' }).end('ok'),
      {
        host: '0.0.0.0',
      },
    )
    const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.1']
    let asked = 0
    const sender = localSender({
      resolve: () => Promise.resolve([{ address: answers[asked++]!, family: 4 }]),
    })
    const url = `http://rebinding.example:${receiver.port}/`
    expect((await sender.send(requestTo(url))).status).toBe(200)
    expect((await sender.send(requestTo(url))).error?.code).toBe('address_refused')
    expect((await sender.send(requestTo(url))).status).toBe(200)
    expect(asked).toBe(3)
    expect(receiver.sockets).toHaveLength(2)
    expect(receiver.requests.map(({ headers }) => headers.host)).toEqual(
      Array(2).fill(`rebinding.example:${receiver.port}`),
    )
  })

  test('are left out where a name has allowed ones too, and only those are connected to', async () => {
    const receiver = await httpReceiver(undefined, { host: '0.0.0.0' })
    const sender = localSender(resolvesTo('127.0.0.2', '::1', '127.0.0.1', '10.0.0.1'))
    expect((await sender.send(requestTo(`http://mixed.example:${receiver.port}/`))).status).toBe(200)
    expect(receiver.sockets.map(({ localAddress }) => localAddress)).toEqual(['127.0.0.1'])
  })

  test('are resolved once for a connection: what was checked is what is connected to', async () => {
    const receiver = await httpReceiver(undefined, { host: '0.0.0.0' })
    let asked = 0
    // The second answer is what a resolver asked again between check and connect would have given.
    const resolve = () => Promise.resolve([{ address: asked++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }])
    const sender = localSender({ resolve })
    expect((await sender.send(requestTo(`http://pinned.example:${receiver.port}/`))).status).toBe(200)
    expect(asked).toBe(1)
    expect(receiver.sockets[0]!.localAddress).toBe('127.0.0.1')
  })
})

describe('a receiver that breaks off', () => {
  test('by a reset before it answered', async () => {
    const receiver = await tcpReceiver((socket) => socket.on('data', () => socket.resetAndDestroy()))
    expect(await fails(receiver.url)).toMatchObject({
      code: 'closed',
      message: 'connection reset by the receiver',
    })
  })

  test('by closing before it answered', async () => {
    const receiver = await rawReceiver('', (socket) => socket.end())
    expect(await fails(receiver.url)).toMatchObject({
      code: 'closed',
      message: 'connection closed by the receiver before its answer was whole',
    })
  })

  test('as soon as it was connected to', async () => {
    const receiver = await tcpReceiver((socket) => socket.destroy())
    expect(await fails(receiver.url)).toMatchObject({ code: 'closed' })
    expect(receiver.sockets).toHaveLength(1)
  })

  test.each([
    ['of a known length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"failed":'],
    ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n{"failed":'],
  ])('in the middle of an answer %s', async (_, answer) => {
    const receiver = await rawReceiver(answer, (socket) => socket.end())
    expect(await fails(receiver.url)).toMatchObject({ code: 'closed', status: 200 })
  })

  test('is found well again by the next request', async () => {
    let resets = 0
    const receiver = await httpReceiver((request, response) => {
      if (resets++ === 0) request.socket.resetAndDestroy()
      else response.end('ok')
    })
    const sender = localSender()
    expect((await sender.send(requestTo(receiver.url))).error?.code).toBe('closed')
    expect((await sender.send(requestTo(receiver.url))).status).toBe(200)
    expect(receiver.requests).toHaveLength(2) // the failed request was not sent a second time behind our back
  })
})

describe('a receiver that does not speak HTTP', () => {
  test.each([
    ['something else', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['an unasked 100 Continue', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
    [
      'another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    ],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'x-a: bbbbbbbbbbbbbbbb\r\n'.repeat(2_000)}\r\n`],
  ])('but says %s', async (_, answer) => {
    const receiver = await rawReceiver(answer)
    const failure = await fails(receiver.url)
    expect(failure.code).toBe('protocol')
    expect(failure.message).toMatch(
      /^(not HTTP\/1\.1: .+|the answer's headers are .+|the answer is not as long as .+)$/,
    )
    await eventually(() => expect(receiver.sockets[0]!.destroyed).toBe(true))
  })

  test('cannot put an answer to a request that was not yet sent', async () => {
    const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
    const receiver = await rawReceiver(`${ok}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged`)
    const sender = localSender()
    const first = await sender.send(requestTo(receiver.url))
    const second = await sender.send(requestTo(receiver.url))
    expect([first.body, second.body]).not.toContain('forged')
  })
})
