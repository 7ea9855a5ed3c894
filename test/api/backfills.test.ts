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

  it('begins with the sink, where that asks for one', async () => {
    const { call } = await withSink({ backfill: { tables: [{ name: 'orders' }] } })
    expect((await call('GET', path)).body.data).toMatchObject([{ tables: ['public.orders'] }])
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
