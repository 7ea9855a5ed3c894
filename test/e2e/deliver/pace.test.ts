// Options of a sink that shape its requests, through the whole path from the change to the socket.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { Webhook } from 'standardwebhooks'
import { beforeAll, expect, test } from 'vitest'
import { atEnd } from '../../support/at-end.ts'
import { type Stage, ask, setStage } from '../../support/delivery.ts'
import { eventually } from '../../support/eventually.ts'
import { createItems, insertItems } from '../../support/items.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})

test('compression gzip: the body arrives compressed, and its signature is that of the plain text', async () => {
  const { sql } = stage.database
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  const arrived: { headers: Record<string, string>; body: Buffer }[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      arrived.push({ headers: request.headers as Record<string, string>, body })
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const table = await createItems(sql)
  await ask(stage.rowhook, 'POST', '/api/endpoints', { name: 'gzip', url, signing_secret: secret })
  await ask(stage.rowhook, 'POST', '/api/sinks', {
    name: 'gzip',
    endpoint: 'gzip',
    tables: [{ name: table }],
    batch_size: 100,
    compression: 'gzip',
  })
  await insertItems(sql, table, 1, 100, 'ü'.repeat(50))
  const { headers, body } = await eventually(() => {
    expect(arrived.length).toBeGreaterThan(0)
    return arrived[0]!
  })
  const text = gunzipSync(body).toString()
  expect(headers['content-encoding']).toBe('gzip')
  expect(headers['content-type']).toBe('application/json')
  expect(Number(headers['content-length'])).toBe(body.length)
  expect(body.length).toBeLessThan(text.length / 4)
  expect(new Webhook(secret).verify(text, headers)).toMatchObject({
    data: expect.arrayContaining([expect.objectContaining({ action: 'insert' })]),
  })
})

test('rate_limit: of one request in months, the second one waits in peace', async () => {
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ rate_limit: 1e-7 })
  await insertItems(sql, table, 1, 2)
  await receiver.waitFor(1)
  await sleep(300)
  expect(receiver.messages).toHaveLength(1)
  expect(stage.rowhook.output).toEqual([])
})

test('rate_limit: requests keep their distance, whatever waits, and an idle time earns no burst', async () => {
  const { sql } = stage.database
  const { table, receiver, call } = await stage.sink({ rate_limit: 20 })
  await insertItems(sql, table, 1, 5)
  await receiver.waitFor(5)
  // long enough to have earned ten requests, if it could be earned
  await new Promise((resolve) => setTimeout(resolve, 500))
  await insertItems(sql, table, 6, 35)
  await receiver.waitFor(35)
  // by the dispatcher's own clock: here, a busy machine would push arrivals together
  const times = await eventually(async () => {
    const { data } = await call('GET', '/deliveries?limit=100')
    expect(data).toHaveLength(35)
    return data
      .map(({ at }: { at: string }) => Date.parse(at))
      .toSorted((a: number, b: number) => a - b)
      .slice(5)
  })
  for (let i = 1; i < times.length; i += 1) expect(times[i] - times[i - 1]).toBeGreaterThanOrEqual(50 - 12)
  expect(times.at(-1) - times[0]).toBeGreaterThanOrEqual(29 * 50 - 12)
})

test('batch_timeout_ms: an unfilled batch waits so long for more', async () => {
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ batch_size: 3, batch_timeout_ms: 1500 })
  await insertItems(sql, table, 1, 1)
  const began = performance.now()
  await insertItems(sql, table, 2, 2)
  await receiver.waitFor(2)
  const [first] = receiver.requests
  expect(first!.messages.map(({ record }) => record!['id'])).toEqual([1, 2])
  expect(first!.at - began).toBeGreaterThan(1400)
})

test('batch_timeout_ms: a full batch waits for nothing', async () => {
  const { table, receiver } = await stage.sink({ batch_size: 3, batch_timeout_ms: 300_000 })
  await insertItems(stage.database.sql, table, 1, 3)
  await receiver.waitFor(3)
  expect(receiver.requests).toHaveLength(1)
})
