import { beforeAll, describe, expect, it } from 'vitest'
import { openTally } from '../../src/deliver/tally.ts'
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
  const tally = openTally(sql, (error) => expect.unreachable(String(error)))
  const sinks = new Map((await sql`select name, id from rowhook.sink`).map((row) => [row['name'], row['id']]))
  const request = async (sink: string, minutesAgo: number, eventIds: number[], ok: boolean, ms: number) => {
    const at = Date.now() - minutesAgo * 60_000
    tally.count({ sinkId: sinks.get(sink), at, ok, acknowledged: ok ? eventIds.length : 0, durationMs: ms })
    await sql`
      insert into rowhook.delivery (sink_id, webhook_id, event_ids, attempt, at, ok, duration_ms)
      values (${sinks.get(sink)}, 'msg_x', ${eventIds}::bigint[], 1, ${new Date(at)}, ${ok}, ${ms})`
    // sometimes alone, sometimes with others of its minute
    if (eventIds[0] !== 1) await tally.flush()
  }
  await request('s', 30, [1, 2], true, 10)
  await request('s', 30, [3], true, 30)
  await request('s', 30, [4], false, 90)
  await request('s', 10, [4], true, 5)
  await request('s', 90, [5], true, 5)
  await request('other', 10, [4], true, 5)
})

/** Percentiles are exact to a tenth. */
const latency = (...ms: [number, number, number]) => {
  const about = (value: number) => ({
    asymmetricMatch: (given: number) => Math.abs(given / value - 1) < 0.1,
    toString: () => `about ${value}`,
  })
  return { p50_ms: about(ms[0]), p95_ms: about(ms[1]), p99_ms: about(ms[2]) }
}

describe('the activity of a sink', () => {
  it('is told in steps: acknowledged messages, requests, failures, latency', async () => {
    const { status, body } = await api.call('GET', '/api/sinks/s/activity')
    expect(status).toBe(200)
    expect(body.step_s).toBe(60)
    expect(body.data).toEqual([
      { at: expect.any(String), messages: 3, requests: 3, failed: 1, ...latency(30, 90, 90) },
      { at: expect.any(String), messages: 1, requests: 1, failed: 0, ...latency(5, 5, 5) },
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

  it('is told of a stretch of time in whole minutes', async () => {
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
    const { body } = await api.call('GET', `/api/sinks/s/activity?since=${ago(95)}&until=${ago(20)}`)
    expect([body.step_s, body.steps]).toEqual([120, 38])
    expect(body.data.map(({ messages }: { messages: number }) => messages)).toEqual([1, 3])
    const empty = await api.call('GET', `/api/sinks/s/activity?since=${ago(2)}&until=${ago(3)}`)
    expect(empty.body.errors).toEqual([{ path: 'until', message: 'must be after since' }])
  })

  it('of all sinks is told at once', async () => {
    const { body } = await api.call('GET', '/api/activity')
    const { id } = (await api.call('GET', '/api/sinks/s')).body
    expect(body.step_s).toBe(120)
    expect(Object.keys(body.data)).toHaveLength(2)
    expect(body.data[id]).toHaveLength(30)
    expect(body.data[id].filter((messages: number) => messages > 0)).toEqual([3, 1])
  })

  it('is not lost when it could not be written, and goes with its sink', async () => {
    const { sql } = api.database
    const troubles: unknown[] = []
    const tally = openTally(sql, (error) => troubles.push(error))
    const [{ id }] = (await sql`select id from rowhook.sink where name = 'other'`) as unknown as [
      { id: number },
    ]
    const line = { sinkId: id, at: Date.now() - 50 * 60_000, ok: true, acknowledged: 1, durationMs: 1 }
    tally.count(line)
    tally.count({ ...line, sinkId: 1_000_000 })
    await sql`alter table rowhook.activity rename to away`
    await tally.flush()
    tally.count(line)
    await sql`alter table rowhook.away rename to activity`
    await tally.close()
    expect(troubles).toHaveLength(1)
    const rows =
      await sql`select messages::int, latency from rowhook.activity where sink_id in (${id}, 1000000)
      and at < now() - interval '45 minutes'`
    expect(rows).toEqual([{ messages: 2, latency: [0, 0, 0, 0, 2] }])
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
