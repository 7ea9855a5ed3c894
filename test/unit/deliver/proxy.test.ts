import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { proxyFor, readProxySettings } from '../../../src/deliver/proxy.ts'
import { atEnd } from '../../support/at-end.ts'
import { createAuthority } from '../../support/certificates.ts'
import { eventually } from '../../support/eventually.ts'
import { httpReceiver, localSender, requestTo, tcpReceiver } from './receivers.ts'

const authority = createAuthority('Test CA')
const tls = { ca_certificate: authority.certificate }
const identity = authority.issue('receiver', { hosts: ['127.0.0.1', 'receiver.example'] })
const server = { tls: { cert: identity.certificate, key: identity.key } }

/** A forward proxy that sends everything to one port of this machine, and remembers what it was asked. */
async function forwardProxy(port: number, { status = 200 } = {}) {
  const asked: { line: string; headers: IncomingMessage['headers'] }[] = []
  const sockets = new Set<Socket>()
  const note = ({ method, url, headers }: IncomingMessage): number =>
    asked.push({ line: `${method} ${url}`, headers })
  const proxy = createServer((request, response) => {
    note(request)
    if (status !== 200) return void response.writeHead(status).end()
    const { method, headers } = request
    const onward = httpRequest({ port, method, headers, path: new URL(request.url!).pathname }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  })
  proxy.on('connection', (socket: Socket) => sockets.add(socket))
  proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
    note(request)
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  atEnd(() => {
    proxy.close()
    for (const socket of sockets) socket.destroy()
  })
  return { asked, sockets, url: new URL(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`) }
}

describe('an http URL through a proxy', () => {
  test('is asked of the proxy as a whole, and the receiver sees an ordinary request', async () => {
    const receiver = await httpReceiver()
    const proxy = await forwardProxy(receiver.port)
    const sender = localSender({ proxies: { httpProxy: proxy.url } })
    expect(await sender.send(requestTo('http://receiver.example/hook?a=1'))).toMatchObject({
      status: 200,
      body: 'ok',
    })
    expect(proxy.asked[0]!.line).toBe('POST http://receiver.example/hook?a=1')
    expect(receiver.requests[0]).toMatchObject({
      url: '/hook',
      headers: { host: 'receiver.example', 'webhook-id': 'msg_1' },
    })
  })

  test('keeps its connection to the proxy', async () => {
    const receiver = await httpReceiver()
    const proxy = await forwardProxy(receiver.port)
    const sender = localSender({ proxies: { httpProxy: proxy.url } })
    for (let i = 0; i < 5; i += 1) await sender.send(requestTo('http://receiver.example/hook'))
    expect(proxy.asked).toHaveLength(5)
    expect(proxy.sockets.size).toBe(1)
  })
})

describe('an https URL through a proxy', () => {
  test('goes through a tunnel, with TLS verified against the receiver by its name', async () => {
    const receiver = await httpReceiver(undefined, server)
    const proxy = await forwardProxy(receiver.port)
    const sender = localSender({ proxies: { httpsProxy: proxy.url } })
    const sent = await sender.send(requestTo('https://receiver.example/hook', { tls }))
    expect(sent).toMatchObject({ status: 200, body: 'ok' })
    expect(proxy.asked).toMatchObject([{ line: 'CONNECT receiver.example:443' }])
    expect(receiver.requests[0]).toMatchObject({ url: '/hook', headers: { host: 'receiver.example' } })
    const other = await sender.send(requestTo('https://other.example:8443/', { tls }))
    expect(other.error?.message).toMatch(/^TLS: the certificate is for another host/)
    expect(proxy.asked[1]!.line).toBe('CONNECT other.example:8443')
  })

  test('keeps its tunnel', async () => {
    const receiver = await httpReceiver(undefined, server)
    const proxy = await forwardProxy(receiver.port)
    const sender = localSender({ proxies: { httpsProxy: proxy.url } })
    for (let i = 0; i < 5; i += 1) await sender.send(requestTo('https://receiver.example/', { tls }))
    expect(receiver.requests).toHaveLength(5)
    expect(proxy.asked).toHaveLength(1)
  })

  test('fails with the status of a proxy that refuses', async () => {
    const receiver = await httpReceiver(undefined, server)
    const proxy = await forwardProxy(receiver.port, { status: 403 })
    const { error } = await localSender({ proxies: { httpsProxy: proxy.url } }).send(
      requestTo('https://receiver.example/'),
    )
    expect(error).toEqual({
      code: 'proxy',
      message: `proxy ${proxy.url.host} answered 403 to CONNECT receiver.example:443`,
    })
    expect(receiver.sockets).toEqual([])
  })

  test('fails in time when the proxy never answers, and lets its connection go', async () => {
    const silent = await tcpReceiver((socket) => socket.resume())
    const sender = localSender({ proxies: { httpsProxy: new URL(silent.url) } })
    const { error } = await sender.send(requestTo('https://receiver.example/', { timeoutMs: 200 }))
    expect(error?.code).toBe('timeout')
    await eventually(() => expect(silent.sockets[0]!.closed).toBe(true))
  })
})

describe('a proxy', () => {
  test('that is not there is blamed, and not the receiver', async () => {
    const sender = localSender({
      proxies: { httpProxy: new URL('http://127.0.0.1:9'), httpsProxy: new URL('http://127.0.0.1:9') },
    })
    for (const url of ['http://receiver.example/', 'https://receiver.example/']) {
      const { error } = await sender.send(requestTo(url, { endpointKey: url }))
      expect(error).toEqual({ code: 'proxy', message: 'proxy 127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9' })
    }
  })

  test('is signed on to with the user of its URL, which the receiver never sees', async () => {
    const [plain, secure] = [await httpReceiver(), await httpReceiver(undefined, server)]
    const [httpProxy, httpsProxy] = [await forwardProxy(plain.port), await forwardProxy(secure.port)]
    for (const { url } of [httpProxy, httpsProxy]) Object.assign(url, { username: 'me', password: 'p@ss' })
    const sender = localSender({ proxies: { httpProxy: httpProxy.url, httpsProxy: httpsProxy.url } })
    await sender.send(requestTo('http://receiver.example/'))
    await sender.send(requestTo('https://receiver.example/', { tls, endpointKey: 'secure' }))
    const expected = `Basic ${Buffer.from('me:p@ss').toString('base64')}`
    expect(httpProxy.asked[0]!.headers['proxy-authorization']).toBe(expected)
    expect(httpsProxy.asked[0]!.headers['proxy-authorization']).toBe(expected)
    expect(secure.requests[0]!.headers).not.toHaveProperty('proxy-authorization')
  })

  test('gets no literal private address to connect to', async () => {
    const proxy = await forwardProxy(9)
    const sender = localSender({ proxies: { httpProxy: proxy.url, httpsProxy: proxy.url } })
    for (const url of ['http://169.254.169.254/', 'https://10.0.0.1/', 'http://[::1]/']) {
      expect((await sender.send(requestTo(url, { endpointKey: url }))).error?.code).toBe('address_refused')
    }
    expect(proxy.sockets.size).toBe(0)
  })

  test('is left out for the hosts of NO_PROXY, whose addresses are then checked here', async () => {
    const proxy = await forwardProxy(9)
    const proxies = { httpProxy: proxy.url, noProxy: ['internal.example'] }
    const resolve = () => Promise.resolve([{ address: '10.0.0.1', family: 4 }])
    const { error } = await localSender({ proxies, resolve }).send(requestTo('http://internal.example/'))
    expect(error?.code).toBe('address_refused')
    expect(proxy.sockets.size).toBe(0)
  })
})

describe('the environment', () => {
  const proxyOf = (env: Record<string, string>, url: string) =>
    proxyFor(readProxySettings(env), new URL(url))?.host

  test('names a proxy for each scheme, in either case, lower case first', () => {
    const env = {
      HTTP_PROXY: 'http://upper:1',
      http_proxy: 'http://lower:2',
      HTTPS_PROXY: 'https://secure:3',
    }
    expect(proxyOf(env, 'http://a.example/')).toBe('lower:2')
    expect(proxyOf(env, 'https://a.example/')).toBe('secure:3')
    expect(proxyOf({ HTTP_PROXY: 'http://upper:1' }, 'https://a.example/')).toBeUndefined()
    expect(proxyOf({ HTTP_PROXY: '' }, 'http://a.example/')).toBeUndefined()
  })

  test.each([
    ['a.example', 'http://a.example/', false],
    ['a.example', 'http://x.a.example/', false],
    ['.a.example', 'http://x.a.example/', false],
    ['*.a.example', 'http://x.a.example/', false],
    ['A.Example', 'http://a.example/', false],
    ['a.example:80', 'http://a.example/', false],
    ['a.example:8080', 'http://a.example/', true],
    ['a.example', 'http://ba.example/', true],
    ['a.example', 'http://a.example.org/', true],
    ['b.example, a.example', 'http://a.example/', false],
    ['10.0.0.1', 'http://10.0.0.1/', false],
    ['[::1]', 'http://[::1]/', false],
    ['[::1]:80', 'http://[::1]:8080/', true],
    ['*', 'http://a.example/', false],
    ['', 'http://a.example/', true],
  ])('with NO_PROXY=%s: %s through the proxy: %s', (noProxy, url, proxied) => {
    expect(proxyOf({ HTTP_PROXY: 'http://proxy:1', NO_PROXY: noProxy }, url) !== undefined).toBe(proxied)
  })

  test.each(['proxy:3128', 'socks5://me:hunter2@proxy', 'http://'])('cannot name %s', (text) => {
    const read = () => readProxySettings({ HTTPS_PROXY: text })
    expect(read).toThrow('HTTPS_PROXY is not the URL of an HTTP proxy')
    expect(read).not.toThrow('hunter2')
  })
})
