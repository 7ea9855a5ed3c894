import { expect, it } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { receiver } from '../support/receiver.ts'
import { startRowhook } from '../support/rowhook-process.ts'

it('messages that were discarded are shown with their payload, and delivered when a person asks for it', async () => {
  const { url, sql } = await createDatabase()
  let healthy = false
  const hook = await receiver({ respond: () => ({ status: healthy ? 200 : 503 }) })
  const { api } = await startRowhook({ url })
  await sql`create table public.orders (id int primary key, note text)`
  await api('POST', '/api/endpoints', { name: 'e', url: hook.url })
  const sink = { name: 's', endpoint: 'e', tables: [{ name: 'orders' }], max_retry_count: 0 }
  expect((await api('POST', '/api/sinks', sink)).status).toBe(201)
  const numbers = async () => (await api('GET', '/api/sinks/s')).body
  const messages = async (search = '') => (await api('GET', `/api/sinks/s/messages${search}`)).body.data

  await sql`insert into orders values (1, 'one'), (2, 'two')`
  await eventually(
    async () => expect(await numbers()).toMatchObject({ discarded: 2, pending: 0, failing: 0 }),
    { timeoutMs: 15_000 },
  )
  const discarded = await messages('?state=discarded')
  expect(discarded).toMatchObject([
    {
      state: 'discarded',
      record: { id: 2, note: 'two' },
      attempts: 1,
      last_error: expect.stringContaining('503'),
    },
    { state: 'discarded', record: { id: 1, note: 'one' } },
  ])
  // the delivery log is written off the hot path
  const failed = await eventually(async () => {
    const { data } = (await api('GET', '/api/sinks/s/deliveries?outcome=failed')).body
    expect(data).toHaveLength(2)
    return data
  })
  expect(failed[0]).toMatchObject({
    status: 503,
    attempt: 1,
    request_headers: { 'webhook-signature': '***' },
  })
  // most of them are not stored, but follow from the rest
  const { headers } = hook.requests.find(({ headers }) => headers['webhook-id'] === failed[0].webhook_id)!
  expect(headers).toMatchObject({ ...failed[0].request_headers, 'webhook-signature': expect.any(String) })
  expect(failed[0].request_headers).toMatchObject({
    'rowhook-attempt': '1',
    'webhook-timestamp': headers['webhook-timestamp'],
  })

  healthy = true
  const first = `/api/sinks/s/messages/${discarded[1].event_id}`
  expect((await api('POST', `${first}/redeliver`)).body).toEqual({ count: 1 })
  await eventually(async () => expect((await api('GET', first)).body.state).toBe('delivered'), {
    timeoutMs: 15_000,
  })
  expect((await api('POST', `${first}/discard`)).status).toBe(409)
  expect((await api('POST', '/api/sinks/s/messages/redeliver', { state: 'discarded' })).body).toEqual({
    count: 1,
  })
  await eventually(async () => expect(await numbers()).toMatchObject({ discarded: 0, delivered: 2 }), {
    timeoutMs: 15_000,
  })
  expect(hook.messages.map(({ record }) => Number(record!.id)).toSorted((a, b) => a - b)).toEqual([1, 2])
})

it('the delivery log holds no secret that a receiver echoes', async () => {
  const { url, sql } = await createDatabase()
  const hook = await receiver({
    respond: ({ headers }, index) => ({ status: index === 0 ? 500 : 200, body: { headers } }),
  })
  const { api } = await startRowhook({ url })
  await sql`create table public.orders (id int primary key)`
  const encrypted_headers = { authorization: 'Bearer top-secret', 'x-partner': 'also-top-secret' }
  await api('POST', '/api/endpoints', { name: 'e', url: hook.url, encrypted_headers })
  await api('POST', '/api/sinks', { name: 's', endpoint: 'e', tables: [{ name: 'orders' }] })
  await sql`insert into orders values (1)`
  await hook.waitFor(1)
  expect(hook.requests[0]!.headers.authorization).toBe('Bearer top-secret')
  await eventually(async () => {
    const { data } = (await api('GET', '/api/sinks/s/deliveries')).body
    expect(data.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['ok', 'failed'])
    for (const { response } of data) {
      expect(response).toContain('"authorization":"***"')
      expect(response).not.toContain('top-secret')
    }
  })
})

it('a sink that is paused sends nothing until it is resumed', async () => {
  const { url, sql } = await createDatabase()
  const hook = await receiver()
  const { api } = await startRowhook({ url })
  await sql`create table public.orders (id int primary key)`
  await api('POST', '/api/endpoints', { name: 'e', url: hook.url })
  await api('POST', '/api/sinks', { name: 's', endpoint: 'e', tables: [{ name: 'orders' }] })
  expect((await api('POST', '/api/endpoints/e/test')).body).toMatchObject({
    outcome: 'ok',
    status: 200,
    error: null,
  })
  await api('POST', '/api/sinks/s/pause')
  await sql`insert into orders values (1)`
  await eventually(async () =>
    expect((await api('GET', '/api/sinks/s')).body).toMatchObject({ health: 'paused', pending: 1 }),
  )
  expect(hook.requests).toHaveLength(1)
  await api('POST', '/api/sinks/s/resume')
  await hook.waitForRequests(2)
})
