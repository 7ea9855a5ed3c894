// The one deadline over every stage of an exchange. Each receiver here stops at another stage.

import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { atEnd } from '../../support/at-end.ts'
import { eventually } from '../../support/eventually.ts'
import { httpReceiver, localSender, rawReceiver, requestTo, tcpReceiver } from './receivers.ts'

const timeoutMs = 200

describe('an exchange that is not over in time fails, and says what it waited for', () => {
  test('a name that is never resolved', async () => {
    const sender = localSender({ resolve: () => new Promise(() => {}) })
    const exchange = await sender.send(requestTo('http://a.example/', { timeoutMs }))
    expect(exchange.error).toEqual({ code: 'timeout', message: 'timed out after 200 ms (dns)' })
    expect(exchange.status).toBeUndefined()
    expect(exchange.durationMs).toBeGreaterThanOrEqual(200)
  })

  test('a TLS handshake that never answers, and its socket is not left behind', async () => {
    const receiver = await tcpReceiver((socket) => socket.resume())
    const exchange = await localSender().send(
      requestTo(receiver.url.replace('http:', 'https:'), { timeoutMs }),
    )
    expect(exchange.error?.message).toBe('timed out after 200 ms (tls)')
    await eventually(() => expect(receiver.sockets[0]!.closed).toBe(true))
  })

  test('a request that is never answered', async () => {
    const receiver = await httpReceiver(() => {})
    const exchange = await localSender().send(requestTo(receiver.url, { timeoutMs }))
    expect(exchange.error?.message).toBe('timed out after 200 ms (headers)')
    await eventually(() => expect(receiver.sockets[0]!.closed).toBe(true))
  })

  test('a request whose body is never read', async () => {
    const receiver = await tcpReceiver((socket) => socket.pause())
    const body = Buffer.alloc(30_000_000)
    const exchange = await localSender().send(requestTo(receiver.url, { timeoutMs, body }))
    expect(exchange.error?.message).toBe('timed out after 200 ms (headers)')
  })

  test('interim answers that never become a real one', async () => {
    const receiver = await rawReceiver('', (socket) => drip(socket, 'HTTP/1.1 102 Processing\r\n\r\n'))
    const exchange = await localSender().send(requestTo(receiver.url, { timeoutMs }))
    expect(exchange.error?.message).toBe('timed out after 200 ms (headers)')
    expect(exchange.status).toBeUndefined()
  })

  test('a head that drips', async () => {
    const receiver = await rawReceiver('HTTP/1.1 200 OK\r\n', (socket) => drip(socket, 'x-a: b\r\n'))
    const exchange = await localSender().send(requestTo(receiver.url, { timeoutMs }))
    expect(exchange.error?.message).toBe('timed out after 200 ms (headers)')
  })

  test('a body that drips, although its head said 200: what failed could stand in the rest', async () => {
    const receiver = await rawReceiver('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n', (socket) =>
      drip(socket, 'x'),
    )
    const exchange = await localSender().send(requestTo(receiver.url, { timeoutMs }))
    expect(exchange.error?.message).toBe('timed out after 200 ms (body)')
    expect(exchange.status).toBe(200)
    expect(exchange.body).toMatch(/^x+$/)
    await eventually(() => expect(receiver.sockets[0]!.closed).toBe(true))
  })
})

test('every exchange has a deadline of its own', async () => {
  const receiver = await httpReceiver(() => {})
  const sender = localSender()
  const order: number[] = []
  const send = async (ms: number): Promise<void> => {
    await sender.send(requestTo(receiver.url, { timeoutMs: ms }))
    order.push(ms)
  }
  await Promise.all([send(300), send(100), send(200), send(100)])
  expect(order).toEqual([100, 100, 200, 300])
})

test('an answer that came while this process was stopped or busy still counts', async () => {
  const sender = localSender()
  const url = await receiverBeside()
  await sender.send(requestTo(url))
  const sent = sender.send(requestTo(url, { timeoutMs: 100 }))
  for (let i = 0; i < 3; i += 1) await setImmediate() // the request leaves
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  expect(await sent).toMatchObject({ status: 200, body: 'ok' })
})

/** A receiver in a thread of its own, which answers while this one is blocked. */
async function receiverBeside(): Promise<string> {
  const code = `
    const server = require('node:http').createServer((request, response) => response.end('ok'))
    server.listen(0, '127.0.0.1', () => require('node:worker_threads').parentPort.postMessage(server.address().port))`
  const worker = new Worker(code, { eval: true })
  atEnd(async () => void (await worker.terminate()))
  const [port] = (await once(worker, 'message')) as [number]
  return `http://127.0.0.1:${port}/`
}

function drip(
  socket: { write(text: string): boolean; on(event: 'close', f: () => void): unknown },
  text: string,
): void {
  const timer = setInterval(() => socket.write(text), 20)
  socket.on('close', () => clearInterval(timer))
}
