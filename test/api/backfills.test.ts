import { beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, createTestApi } from './client.ts'

async function withSink(more: object = {}): Promise<TestApi> {
  const api = await createTestApi()
  await api.database
    .sql`create table public.orders (id bigint primary key, status text, created_at timestamptz)`
  await api.database.sql`create table public.items (id int primary key)`
  await api.call('POST', '/api/endpoints', { name: 'e', url: 'https://app.example.com/hooks' })
  const sink = { name: 's', endpoint: 'e', tables: [{ name: 'orders' }], ...more }
  expect((await api.call('POST', '/api/sinks', sink)).status).toBe(201)
  return api
}

const path = '/api/sinks/s/backfills'

describe('a backfill', () => {
  it('is started with conditions, and shown as the contract says', async () => {
    const { call } = await withSink()
    const tables = [
      {
        name: 'orders',
        where: "created_at > now() - interval '1 day'",
        sort_column: 'id',
        start: 1,
        end: '100',
      },
    ]
    const { status, body } = await call('POST', path, { tables })
    expect(status).toBe(201)
    expect(body).toMatchObject({ state: 'active', tables: ['public.orders'], rows_done: 0, error: null })
    expect((await call('GET', `${path}/${body.id}`)).body).toEqual(body)
    expect((await call('GET', path)).body).toEqual({ data: [body], next_cursor: null })
  })

  it('is paused, resumed and cancelled, and what is cancelled stays so', async () => {
    const { call } = await withSink()
    const { id } = (await call('POST', path, { tables: [{ name: 'orders' }] })).body
    expect((await call('POST', `${path}/${id}/pause`)).body.state).toBe('paused')
    expect((await call('POST', `${path}/${id}/resume`)).body.state).toBe('active')
    expect((await call('POST', `${path}/${id}/cancel`)).body.state).toBe('cancelled')
    expect((await call('POST', `${path}/${id}/resume`)).status).toBe(409)
  })

  it('of a table waits for another one of the same table', async () => {
    const { call } = await withSink()
    await call('POST', path, { tables: [{ name: 'orders' }] })
    expect((await call('POST', path, { tables: [{ name: 'orders' }] })).status).toBe(409)
  })

  it('is counted while another one of the same table runs, which goes on', async () => {
    const { call, database } = await withSink()
    await database.sql`insert into orders select i, 'new', now() from generate_series(1, 20) i`
    await call('POST', path, { tables: [{ name: 'orders' }] })
    const { status, body } = await call('POST', path, { dry_run: true, tables: [{ name: 'orders' }] })
    expect(status).toBe(200)
    expect(body).toEqual({ dry_run: true, rows_total: 20 })
    expect((await call('GET', path)).body.data).toMatchObject([{ state: 'active' }])
  })

  it('begins with the sink, where that asks for one', async () => {
    const { call } = await withSink({ backfill: { tables: [{ name: 'orders' }] } })
    expect((await call('GET', path)).body.data).toMatchObject([{ tables: ['public.orders'] }])
  })

  it('that the sink began with is shown with it, and later ones are not', async () => {
    const table = { name: 'orders', where: 'id > 5', sort_column: 'id', start: '1', end: null }
    const { call } = await withSink({ backfill: { tables: [{ ...table, name: 'public.orders' }] } })
    const backfill = { tables: [{ ...table, name: 'public.orders' }] }
    expect((await call('GET', '/api/sinks/s')).body.backfill).toEqual(backfill)
    expect((await call('GET', '/api/sinks')).body.data[0].backfill).toEqual(backfill)
    await call('POST', `${path}/${(await call('GET', path)).body.data[0].id}/cancel`)
    await call('POST', path, { tables: [{ name: 'orders' }] })
    expect((await call('GET', '/api/sinks/s')).body.backfill).toEqual(backfill)
    const made = await call('POST', '/api/sinks', {
      name: 'none',
      endpoint: 'e',
      tables: [{ name: 'items' }],
    })
    expect(made.body.backfill).toBeNull()
  })

  it('is not started by an edit of the sink, which says so', async () => {
    const { call } = await withSink({ backfill: {} })
    const { backfill } = (await call('GET', '/api/sinks/s')).body
    for (const same of [backfill, null]) {
      expect((await call('PATCH', '/api/sinks/s', { backfill: same, concurrency: 3 })).status).toBe(200)
    }
    const { status, body } = await call('PATCH', '/api/sinks/s', {
      backfill: { tables: [{ name: 'items' }] },
    })
    expect(status).toBe(400)
    expect(body.errors[0]).toEqual({ path: 'backfill', message: expect.stringContaining('when it is made') })
    expect((await call('GET', path)).body.data).toHaveLength(1)
  })

  it('that is wrong keeps the sink from being made', async () => {
    const { call } = await withSink()
    const sink = { name: 'second', endpoint: 'e', tables: [{ name: 'orders' }] }
    for (const [backfill, at] of [
      [{ tables: [{ name: 'items' }] }, 'backfill.tables[0].name'],
      [{ tables: [{ name: 'orders', sort_column: 'x' }] }, 'backfill.tables[0].sort_column'],
    ] as const) {
      const { status, body } = await call('POST', '/api/sinks', { ...sink, backfill })
      expect(status).toBe(400)
      expect(body.errors[0].path).toBe(at)
    }
    expect((await call('GET', '/api/sinks/second')).status).toBe(404)
  })
})

describe('a backfill that', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await withSink()
  })

  it.each([
    ['a table that is not the sink’s', { name: 'items' }, 'tables[0].name'],
    ['a table that does not exist', { name: 'nothing' }, 'tables[0].name'],
    ['a condition that is none', { name: 'orders', where: 'status = ' }, 'tables[0].where'],
    ['a condition with a subquery', { name: 'orders', where: 'id in (select 1)' }, 'tables[0].where'],
    ['a sort column that does not exist', { name: 'orders', sort_column: 'x' }, 'tables[0].sort_column'],
    [
      'a start that does not fit the column',
      { name: 'orders', sort_column: 'id', start: 'abc' },
      'tables[0].start',
    ],
    [
      'a bound that JSON numbers cannot hold',
      { name: 'orders', sort_column: 'id', end: 2 ** 53 + 2 },
      'tables[0].end',
    ],
    ['an unknown field', { name: 'orders', filter: 'true' }, 'tables[0].filter'],
  ])('has %s is refused', async (_, table, at) => {
    const { status, body } = await api.call('POST', path, { tables: [table] })
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe(at)
    expect((await api.call('GET', path)).body.data).toEqual([])
    expect(api.errors).toEqual([])
  })

  it.each(['x', '00000000-0000-0000-0000-000000000000', '1'])('is called %s is not found', async (id) => {
    expect((await api.call('GET', `${path}/${id}`)).status).toBe(404)
    expect((await api.call('POST', `${path}/${id}/pause`)).status).toBe(404)
  })
})
