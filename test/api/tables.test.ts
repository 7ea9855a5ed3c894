import { beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, createTestApi } from './client.ts'

async function withTables(): Promise<TestApi> {
  const api = await createTestApi()
  const { sql } = api.database
  await sql`create table public.orders (id bigint primary key, mrr numeric(10, 2), status text not null)`
  await sql`create table public.events (day date, n int, primary key (day, n)) partition by range (day)`
  await sql`create table public.events_rest partition of public.events default`
  await sql`create view public.big as select * from orders`
  await api.call('POST', '/api/endpoints', { name: 'e', url: 'https://app.example.com/hooks' })
  return api
}

describe('tables', () => {
  it('are listed with what a sink needs to know, partitions with their root', async () => {
    const { call } = await withTables()
    await call('POST', '/api/sinks', { name: 's', endpoint: 'e', tables: [{ name: 'orders' }] })
    const { body } = await call('GET', '/api/tables')
    expect(body.data).toEqual([
      {
        name: 'public.events',
        schema: 'public',
        table: 'events',
        columns: [
          { name: 'day', type: 'date', nullable: false },
          { name: 'n', type: 'integer', nullable: false },
        ],
        primary_key: ['day', 'n'],
        partitions: ['public.events_rest'],
        captured: false,
        sinks: [],
        retention: null,
        refusal: null,
      },
      {
        name: 'public.orders',
        schema: 'public',
        table: 'orders',
        columns: [
          { name: 'id', type: 'bigint', nullable: false },
          { name: 'mrr', type: 'numeric(10,2)', nullable: true },
          { name: 'status', type: 'text', nullable: false },
        ],
        primary_key: ['id'],
        partitions: [],
        captured: true,
        sinks: ['s'],
        retention: null,
        refusal: null,
      },
    ])
  })

  it('come page by page', async () => {
    const { call } = await withTables()
    const first = await call('GET', '/api/tables?limit=1')
    const second = await call('GET', `/api/tables?limit=1&cursor=${first.body.next_cursor}`)
    expect([first, second].map(({ body }) => body.data[0].name)).toEqual(['public.events', 'public.orders'])
    expect(second.body.next_cursor).toBeNull()
  })
})

describe('a retention', () => {
  it('keeps every change from then on, and ends when it is deleted', async () => {
    const { call, database } = await withTables()
    const put = await call('PUT', '/api/tables/public.orders/retention', { keep: '30 days', filter: null })
    expect([put.status, put.body]).toEqual([200, { table: 'public.orders', keep: '30 days', filter: null }])
    await database.sql`insert into orders values (1, 5, 'x')`
    expect(await database.sql`select from rowhook.event`).toHaveLength(1)
    const { data } = (await call('GET', '/api/tables')).body
    expect(data[1]).toMatchObject({ captured: true, retention: { keep: '30 days', filter: null } })

    expect((await call('DELETE', '/api/tables/orders/retention')).status).toBe(204)
    await database.sql`insert into orders values (2, 5, 'x')`
    expect(await database.sql`select from rowhook.event`).toHaveLength(1)
    expect((await call('DELETE', '/api/tables/orders/retention')).status).toBe(404)
  })

  it('of a table that is not there is 404, and of one that cannot be captured 400 with the reason', async () => {
    const { call, database } = await withTables()
    await database.sql`create view public.cheap as select * from orders`
    expect((await call('PUT', '/api/tables/nosuch/retention', { keep: '1 day' })).status).toBe(404)
    const { status, body } = await call('PUT', '/api/tables/cheap/retention', { keep: '1 day' })
    expect(status).toBe(400)
    expect(body.errors[0]).toMatchObject({ path: 'table', message: expect.stringContaining('is a view') })
  })

  it('keeps what its filter lets through', async () => {
    const { call, database } = await withTables()
    await call('PUT', '/api/tables/orders/retention', { keep: '1 week', filter: 'mrr > 10' })
    await database.sql`insert into orders values (1, 5, 'x'), (2, 15, 'x')`
    expect(await database.sql`select pks from rowhook.event`).toEqual([{ pks: ['2'] }])
    expect((await call('GET', '/api/tables')).body.data[1].retention).toEqual({
      keep: '7 days',
      filter: 'mrr > 10',
    })
  })
})

describe('a retention whose columns were renamed since', () => {
  async function renamed(api: TestApi) {
    const { call, database } = api
    await call('PUT', '/api/tables/orders/retention', {
      keep: '7 days',
      filter: "mrr > 10 and status <> 'mrr'",
    })
    await database.sql`alter table orders rename mrr to revenue`
    await database.sql`select rowhook.refresh('orders')`
  }
  const present = "revenue > 10 and status <> 'mrr'"

  it('shows its filter under their present names, and keeps what it lets through', async () => {
    const api = await withTables()
    await renamed(api)
    const { call, database } = api
    expect((await call('GET', '/api/tables')).body.data[1].retention.filter).toBe(present)
    const { body } = await call('PUT', '/api/tables/orders/retention', { keep: '8 days', filter: present })
    expect(body).toEqual({ table: 'public.orders', keep: '8 days', filter: present })
    await database.sql`insert into orders values (1, 5, 'x'), (2, 15, 'x')`
    expect(await database.sql`select pks from rowhook.event`).toEqual([{ pks: ['2'] }])
  })

  it('leaves documents with the present and with the former names applied', async () => {
    const api = await withTables()
    await renamed(api)
    const { call } = api
    const document = (filter: string, keep = '7 days') => ({
      retentions: [{ table: 'orders', keep, filter }],
    })
    const former = present.replace('revenue', 'mrr')
    expect((await call('POST', '/api/config/plan', document(present))).body).toEqual({ changes: [] })
    expect((await call('POST', '/api/config/plan', document(former))).body).toEqual({ changes: [] })
    expect((await call('POST', '/api/config/apply', document(former, '9 days'))).status).toBe(200)
    expect((await call('GET', '/api/tables')).body.data[1].retention).toEqual({
      keep: '9 days',
      filter: present,
    })
    const exported = (await call('GET', '/api/config/export')).body
    expect(JSON.stringify(exported)).toContain('revenue > 10')
  })
})

describe('a retention with', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await withTables()
  })

  it.each([
    ['no interval', 'orders', { keep: 'soon' }, 'keep'],
    ['a negative interval', 'orders', { keep: '-1 day' }, 'keep'],
    ['no time at all', 'orders', { keep: '0' }, 'keep'],
    ['an endless interval', 'orders', { keep: '200000000 years' }, 'keep'],
    ['a number', 'orders', { keep: 30 }, 'keep'],
    ['nothing', 'orders', {}, 'keep'],
    ['a filter that is none', 'orders', { keep: '1 day', filter: 'mrr >' }, 'filter'],
    ['a view', 'big', { keep: '1 day' }, 'table'],
  ])('%s is refused', async (_, table, body, path) => {
    const answer = await api.call('PUT', `/api/tables/${table}/retention`, body)
    expect(answer.status).toBe(400)
    expect(answer.body.errors[0].path).toBe(path)
    expect(await api.database.sql`select from pg_trigger where tgname like '00_rowhook%'`).toEqual([])
  })
})

describe('checking a filter', () => {
  it('says that it is one, and what it would have let through', async () => {
    const { call, database } = await withTables()
    await call('POST', '/api/sinks', { name: 's', endpoint: 'e', tables: [{ name: 'orders' }] })
    await database.sql`insert into orders select n, n, 'x' from generate_series(1, 20) n`
    await database.sql`update orders set mrr = 100 where id = 1`
    const check = async (filter: unknown) =>
      (await call('POST', '/api/filters/check', { table: 'orders', filter })).body
    expect(await check('mrr > 15')).toEqual({ valid: true, scanned: 21, matched: 6 })
    expect(await check('mrr > 15 and old.mrr <= 15')).toEqual({ valid: true, scanned: 21, matched: 1 })
    expect(await check(null)).toEqual({ valid: true, scanned: 21, matched: 21 })
    // A row on which it raises would not be sent either.
    expect(await check('1 / (mrr - 3) > 0.5')).toMatchObject({ valid: true, scanned: 21 })
  })

  it('says so on a table that nothing was captured of', async () => {
    const { call } = await withTables()
    const { body } = await call('POST', '/api/filters/check', { table: 'public.events', filter: 'n = 1' })
    expect(body).toEqual({ valid: true, scanned: 0, matched: 0 })
  })

  it('says what is wrong, and where', async () => {
    const { call } = await withTables()
    const { status, body } = await call('POST', '/api/filters/check', {
      table: 'orders',
      filter: 'mrr > 1 and nothing',
    })
    expect(status).toBe(200)
    expect(body).toEqual({ valid: false, error: expect.stringContaining('nothing'), position: 13 })
  })

  it.each([
    ['an empty one', '', 'is empty'],
    ['one of spaces', ' ', 'is empty'],
    ['one that is too long', `${'true and '.repeat(3000)}true`, 'characters'],
  ])('calls %s no filter', async (_, filter, reason) => {
    const { call } = await withTables()
    const { status, body } = await call('POST', '/api/filters/check', { table: 'orders', filter })
    expect([status, body.valid]).toEqual([200, false])
    expect(body.error).toContain(reason)
  })

  it('refuses a table that does not exist', async () => {
    const { call } = await withTables()
    const { status, body } = await call('POST', '/api/filters/check', { table: 'nothing', filter: 'true' })
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe('table')
  })
})
