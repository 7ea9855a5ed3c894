import { beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, createTestApi } from './client.ts'

async function withHistory(): Promise<TestApi> {
  const api = await createTestApi()
  await api.database.sql`create table public.orders (id bigint primary key, mrr numeric)`
  await api.database.sql`create table public.items (id int primary key)`
  await api.call('POST', '/api/endpoints', { name: 'e', url: 'https://app.example.com/hooks' })
  const sink = {
    name: 's',
    endpoint: 'e',
    tables: [{ name: 'orders', filter: 'mrr > 1' }, { name: 'items' }],
  }
  expect((await api.call('POST', '/api/sinks', sink)).status).toBe(201)
  await api.database.sql`insert into orders select n, n from generate_series(1, 10) n`
  await api.database.sql`insert into items values (1)`
  return api
}

const path = '/api/sinks/s/replays'
const anHourAgo = () => new Date(Date.now() - 3_600_000).toISOString()

describe('a replay', () => {
  it('is started, shown, paused, resumed and cancelled', async () => {
    const { call } = await withHistory()
    const since = anHourAgo()
    const { status, body } = await call('POST', path, { since, table_name: 'orders', filter: 'mrr > 5' })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      state: 'active',
      since: since.replace('Z', '000Z'),
      table_name: 'public.orders',
      filter: 'mrr > 5',
      rows_done: 0,
      error: null,
    })
    expect((await call('GET', path)).body).toEqual({ data: [body], next_cursor: null })
    expect((await call('GET', `${path}/${body.id}`)).body).toEqual(body)
    expect((await call('POST', `${path}/${body.id}/pause`)).body.state).toBe('paused')
    expect((await call('POST', `${path}/${body.id}/resume`)).body.state).toBe('active')
    expect((await call('POST', `${path}/${body.id}/cancel`)).body.state).toBe('cancelled')
    expect((await call('POST', `${path}/${body.id}/resume`)).status).toBe(409)
  })

  it('only counts in a dry run', async () => {
    const { call } = await withHistory()
    const since = anHourAgo()
    const count = async (more: object) => (await call('POST', path, { since, dry_run: true, ...more })).body
    expect(await count({})).toEqual({ dry_run: true, rows_total: 10 })
    expect(await count({ table_name: 'public.orders' })).toEqual({ dry_run: true, rows_total: 9 })
    expect(await count({ filter: 'id > 8' })).toEqual({ dry_run: true, rows_total: 2 })
    expect((await call('GET', path)).body.data).toEqual([])
  })
})

describe('a replay with', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await withHistory()
  })

  it.each([
    ['no time', {}, 'since'],
    ['a time that is none', { since: 'yesterday' }, 'since'],
    ['a time before there was any history', { since: '2001-01-01' }, 'since'],
    ['a table that is not the sink’s', { table_name: 'pg_class' }, 'table_name'],
    ['a filter that is none', { filter: 'mrr >' }, 'filter'],
    ['a filter that fits only one of the tables', { filter: 'mrr > 1' }, 'filter'],
    ['a window that ends before it begins', { until: '2001-01-01' }, 'until'],
    ['an unknown field', { form: 1 }, 'form'],
  ])('%s is refused', async (name, change, at) => {
    const since = name === 'no time' ? {} : { since: anHourAgo() }
    const { status, body } = await api.call('POST', path, { ...since, ...change })
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe(at)
    expect((await api.call('GET', path)).body.data).toEqual([])
    expect(api.errors).toEqual([])
  })
})
