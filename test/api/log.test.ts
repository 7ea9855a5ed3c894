import { beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, createTestApi } from './client.ts'

let api: TestApi

beforeAll(async () => {
  api = await createTestApi()
  const { sql } = api.database
  await sql.unsafe('call rowhook.maintain()')
  await sql`create table orders (id bigint primary key, note text, weight numeric)`
  await sql`create table others (id int primary key)`
  await api.call('POST', '/api/endpoints', { name: 'e', url: 'https://app.example.com/hooks' })
  await api.call('POST', '/api/sinks', {
    name: 's',
    endpoint: 'e',
    tables: [{ name: 'orders', filter: 'note is not null' }],
  })
  await sql`insert into orders values (1, 'a', 1.10), (2, 'b', 12345678901234567890.5)`
  await sql`update orders set note = 'c' where id = 2`
  await sql`update orders set id = 3 where id = 2`
})

const history = (key: string, more = '') => api.call('GET', `/api/tables/orders/history?key=${key}${more}`)

describe('the history of a row', () => {
  it('is told newest first, with every digit', async () => {
    const { status, body } = await history('2')
    expect(status).toBe(200)
    expect(body.data.map(({ action }: { action: string }) => action)).toEqual(['update', 'update', 'insert'])
    expect(body.data[0]).toMatchObject({ key: '3', previous_key: '2', changes: { id: 2 }, sinks: ['s'] })
    expect(body.data[1]).toMatchObject({ key: '2', previous_key: null, changes: { note: 'b' } })
    const raw = await api.app.request('/api/tables/orders/history?key=2', {
      headers: { authorization: 'Bearer root-token-of-the-tests' },
    })
    expect(await raw.text()).toContain('"weight":12345678901234567890.5')
  })

  it('comes in pages', async () => {
    const first = await history('2', '&limit=2')
    expect(first.body.data).toHaveLength(2)
    const second = await history('2', `&limit=2&cursor=${first.body.next_cursor}`)
    expect(second.body.data.map(({ action }: { action: string }) => action)).toEqual(['insert'])
    expect(second.body.next_cursor).toBeNull()
  })

  it('of a row that is not known is empty, and of a table that is not captured 404', async () => {
    expect((await history('9')).body).toEqual({ data: [], next_cursor: null })
    expect((await api.call('GET', '/api/tables/others/history?key=1')).status).toBe(404)
    expect((await api.call('GET', '/api/tables/nothing/history?key=1')).status).toBe(404)
    expect((await api.call('GET', '/api/tables/orders/history')).body.errors[0].path).toBe('key')
  })
})

it('the log is told by day, with its size', async () => {
  const { body } = await api.call('GET', '/api/log')
  const today = body.data.find(
    ({ log, starts_at }: { log: string; starts_at: string | null }) =>
      log === 'event' && starts_at === `${new Date().toISOString().slice(0, 10)}T00:00:00Z`,
  )
  expect(today.bytes).toBeGreaterThan(8000)
  const names = body.data.map(({ name }: { name: string }) => name)
  expect(names).toContain('event_default')
  expect(names).toContain('delivery_default')
})

describe('a backfill that is only counted', () => {
  const count = (table: object) =>
    api.call('POST', '/api/sinks/s/backfills', { tables: [{ name: 'orders', ...table }], dry_run: true })

  it('says how many rows it would send, and is not there afterwards', async () => {
    await api.database.sql`insert into orders values (10, null, 0)`
    expect((await count({})).body).toEqual({ dry_run: true, rows_total: 2 })
    expect((await count({ where: 'id > 2' })).body.rows_total).toBe(1)
    expect((await api.call('GET', '/api/sinks/s/backfills')).body.data).toEqual([])
    expect((await api.call('GET', '/api/audit?limit=1')).body.data[0].action).toBe('sink.create')
  })

  it('refuses what would be refused', async () => {
    const { status, body } = await count({ where: 'nothing > 2' })
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe('tables[0].where')
    expect((await count({ sort_column: 'nothing' })).status).toBe(400)
  })
})
