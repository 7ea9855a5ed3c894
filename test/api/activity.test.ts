import { beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, bearer, createTestApi } from './client.ts'

let api: TestApi

beforeAll(async () => {
  api = await createTestApi()
  const { sql } = api.database
  await sql`create table public.orders (id int primary key, note text, "odd ""name" int)`
  await sql`insert into orders select i, repeat('x', i * 100), i from generate_series(1, 7) i`
  await sql`create table public.keyless (a int)`
  await sql`insert into keyless values (1), (null)`
  await sql`create table public.empty ()`
  await api.call('POST', '/api/endpoints', { name: 'e', url: 'https://app.example.com/hooks' })
  await api.call('POST', '/api/sinks', { name: 's', endpoint: 'e', tables: [{ name: 'orders' }] })
  await api.call('POST', '/api/sinks', { name: 'other', endpoint: 'e', tables: [{ name: 'orders' }] })
  const request = (sink: string, minutesAgo: number, ids: number[], ok: boolean, ms: number) => sql`
    insert into rowhook.delivery (sink_id, webhook_id, event_ids, attempt, at, ok, duration_ms)
    select id, 'msg_x', ${ids}::bigint[], 1, now() - ${minutesAgo} * interval '1 minute', ${ok}, ${ms}
    from rowhook.sink where name = ${sink}`
  await request('s', 30, [1, 2], true, 10)
  await request('s', 30, [3], true, 30)
  await request('s', 30, [4], false, 90)
  await request('s', 10, [4], true, 5)
  await request('s', 90, [5], true, 5)
  await request('other', 10, [4], true, 5)
})

describe('the activity of a sink', () => {
  it('is told in steps: acknowledged messages, requests, failures, latency', async () => {
    const { status, body } = await api.call('GET', '/api/sinks/s/activity')
    expect(status).toBe(200)
    expect(body.step_s).toBe(60)
    expect(body.data).toEqual([
      { at: expect.any(String), messages: 3, requests: 3, failed: 1, p50_ms: 30, p95_ms: 90, p99_ms: 90 },
      { at: expect.any(String), messages: 1, requests: 1, failed: 0, p50_ms: 5, p95_ms: 5, p99_ms: 5 },
    ])
    const offsets = body.data.map(({ at }: { at: string }) => Date.parse(at) - Date.parse(body.since))
    expect(
      offsets.every((offset: number) => offset >= 0 && offset < 3_600_000 && offset % 60_000 === 0),
    ).toBe(true)
  })

  it('reaches further back when asked to', async () => {
    const { body } = await api.call('GET', '/api/sinks/s/activity?window=6h')
    expect(body.data.map(({ messages }: { messages: number }) => messages)).toEqual([1, 3, 1])
    expect((await api.call('GET', '/api/sinks/s/activity?window=2h')).status).toBe(400)
  })
})

describe('deliveries of one message', () => {
  it('are found by its event id', async () => {
    const { body } = await api.call('GET', '/api/sinks/s/deliveries?event_id=4')
    expect(body.data.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['ok', 'failed'])
    const failed = await api.call('GET', '/api/sinks/s/deliveries?event_id=4&outcome=failed')
    expect(failed.body.data).toHaveLength(1)
  })

  it.each(['0', '-1', 'x', '9'.repeat(19)])('refuse %s for an event id', async (id) => {
    const { status, body } = await api.call('GET', `/api/sinks/s/deliveries?event_id=${id}`)
    expect(status).toBe(400)
    expect(body.errors).toEqual([{ path: 'event_id', message: 'must be an event id' }])
  })
})

describe('the last rows of a table', () => {
  it('come in the order of the key, as texts that are cut', async () => {
    const { status, body } = await api.call('GET', '/api/tables/orders/rows')
    expect(status).toBe(200)
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual(['7', '6', '5', '4', '3'])
    expect(body.data[0]).toEqual({ id: '7', note: 'x'.repeat(200), 'odd "name': '7' })
  })

  it('of a table without a key are any', async () => {
    expect((await api.call('GET', '/api/tables/keyless/rows')).body.data).toEqual([{ a: '1' }, { a: null }])
    expect((await api.call('GET', '/api/tables/empty/rows')).body.data).toEqual([])
  })

  it('of a table that is not there are 400 with its name', async () => {
    const { status, body } = await api.call('GET', '/api/tables/nothing/rows')
    expect(status).toBe(400)
    expect(body.errors[0]).toMatchObject({ path: 'table' })
  })

  it('are not for a token that may only read', async () => {
    const { token } = (await api.call('POST', '/api/tokens', { name: 'reader', scopes: ['read'] })).body
    expect((await api.call('GET', '/api/tables/orders/rows', undefined, bearer(token))).status).toBe(403)
  })

  it('do not wait for whoever locks the table', async () => {
    const { sql } = api.database
    await sql.begin(async (tx) => {
      await tx`lock table orders in access exclusive mode`
      const { status, body } = await api.call('GET', '/api/tables/orders/rows')
      expect([status, body.detail]).toEqual([503, expect.stringContaining('orders')])
    })
  })
})
