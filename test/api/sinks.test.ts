import { beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type TestApi, createTestApi } from './client.ts'

/** The API with a table, an endpoint, and what the contract's example is short of. */
async function withOrders(): Promise<TestApi> {
  const api = await createTestApi()
  await api.database.sql`
    create table public.orders (
      id bigint primary key, customer_id int not null, mrr numeric, status text, password_hash text)`
  await api.call('POST', '/api/endpoints', { name: 'orders-app', url: 'https://app.example.com/hooks' })
  return api
}

const example = {
  name: 'orders',
  endpoint: 'orders-app',
  path: '/orders',
  tables: [
    {
      name: 'public.orders',
      actions: ['insert', 'update', 'delete'],
      filter: 'mrr > 100 and status is distinct from old.status',
      group_by: ['customer_id'],
      exclude_columns: ['password_hash'],
    },
  ],
  message_type: 'changes',
  batch: true,
  batch_size: 1,
  batch_timeout_ms: 0,
  request_timeout_ms: 30_000,
  max_retry_count: null,
  concurrency: 16,
  rate_limit: null,
  backfill: null,
  status: 'active',
}

const minimal = { name: 'orders', endpoint: 'orders-app', tables: [{ name: 'orders' }] }

/** Triggers of ours on all tables, as `table: action`. */
async function triggers({ database: { sql } }: TestApi): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select tgrelid::regclass || ': ' || tgname as name from pg_trigger where tgname like '00_rowhook%' order by 1`
  return rows.map(({ name }) => name)
}

describe('creating a sink', () => {
  it("takes the contract's example and shows every option and number back", async () => {
    const { call } = await withOrders()
    const { status, body } = await call('POST', '/api/sinks', example)
    expect(status).toBe(201)
    const { backfill: _, ...given } = example
    expect(body).toMatchObject({
      ...given,
      tables: [{ ...given.tables[0], unchanged: false }],
      health: 'ok',
      pending: 0,
      delivered: 0,
      failing: 0,
      discarded: 0,
      blocked_groups: 0,
      last_error: null,
      throughput: { messages_per_second: 0 },
    })
    expect(body.id).toMatch(/^[0-9a-f-]{36}$/)
    expect((await call('GET', '/api/sinks/orders')).body).toMatchObject(given)
  })

  it('fills in the documented defaults', async () => {
    const { call } = await withOrders()
    const { body } = await call('POST', '/api/sinks', minimal)
    expect(body).toMatchObject({
      path: '',
      tables: [
        {
          name: 'public.orders',
          actions: ['insert', 'update', 'delete'],
          filter: null,
          group_by: null,
          exclude_columns: [],
          unchanged: false,
        },
      ],
      message_type: 'changes',
      batch: true,
      batch_size: 1,
      batch_timeout_ms: 0,
      request_timeout_ms: 30_000,
      max_retry_count: null,
      concurrency: 16,
      rate_limit: null,
      compression: null,
      max_message_bytes: null,
      alert_endpoint: null,
      status: 'active',
    })
  })

  it('takes the options beyond the example', async () => {
    const { call } = await withOrders()
    const more = {
      compression: 'gzip',
      max_message_bytes: 100_000,
      alert_endpoint: 'orders-app',
      rate_limit: 2.5,
      max_retry_count: 3,
      message_type: 'rows',
      tables: [{ name: 'public.orders', actions: ['insert', 'truncate'], unchanged: true, group_by: [] }],
    }
    const { status, body } = await call('POST', '/api/sinks', { ...minimal, ...more })
    expect(status).toBe(201)
    expect(body).toMatchObject(more)
  })

  it('captures from then on', async () => {
    const api = await withOrders()
    await api.call('POST', '/api/sinks', minimal)
    await api.database.sql`insert into orders (id, customer_id) values (1, 1)`
    const events = await api.database.sql`select action, sinks from rowhook.event`
    expect(events).toHaveLength(1)
    expect(await triggers(api)).toEqual([
      'orders: 00_rowhook_delete',
      'orders: 00_rowhook_insert',
      'orders: 00_rowhook_update',
    ])
  })

  it('says which triggers it has placed', async () => {
    const { call, database } = await withOrders()
    await database.sql`create table public.days (day date primary key) partition by range (day)`
    await database.sql`create table public.days_1 partition of public.days default`
    const tables = [
      { name: 'orders', actions: ['insert', 'truncate'] },
      { name: 'days', actions: ['delete'] },
    ]
    const { body } = await call('POST', '/api/sinks', { ...minimal, tables })
    expect(body.capture).toEqual([
      { table: 'public.orders', triggers: ['00_rowhook_insert', '00_rowhook_truncate'], partitions: 0 },
      { table: 'public.days', triggers: ['00_rowhook_delete'], partitions: 1 },
    ])
    expect((await call('GET', '/api/sinks/orders')).body.capture).toBeUndefined()
  })

  it('makes the beginning of its stream', async () => {
    const { call, database } = await withOrders()
    await call('POST', '/api/sinks', minimal)
    expect(await database.sql`select 1 from rowhook.stream where replay_id is null`).toHaveLength(1)
  })

  it("says where in the user's own text a filter is wrong", async () => {
    const { call } = await withOrders()
    for (const [filter, position] of [
      ["status = 'x' and nothing > 1", 18],
      ["status = '😀' and nothing > 1", 18],
      ['status = ', 10],
      ['', 1],
      ['  ', 1],
    ]) {
      const error = { path: 'tables[0].filter', message: expect.any(String), position }
      const { body } = await call('POST', '/api/sinks', { ...minimal, tables: [{ name: 'orders', filter }] })
      expect([filter, body.errors]).toEqual([filter, [error]])
    }
  })

  it('refuses a name that is taken, and leaves the first one alone', async () => {
    const api = await withOrders()
    await api.call('POST', '/api/sinks', minimal)
    expect((await api.call('POST', '/api/sinks', minimal)).status).toBe(409)
    expect(await triggers(api)).toHaveLength(3)
  })

  it('is possible for many at once on one table', async () => {
    const api = await withOrders()
    const names = Array.from({ length: 8 }, (_, i) => `s${i}`)
    const answers = await Promise.all(
      names.map((name) => api.call('POST', '/api/sinks', { ...minimal, name })),
    )
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 201))
    await api.database.sql`insert into orders (id, customer_id) values (1, 1)`
    const [event] = await api.database.sql`select cardinality(sinks) as sinks from rowhook.event`
    expect(event!.sinks).toBe(8)
  })

  it('waits for a table that is locked', async () => {
    const api = await withOrders()
    let creating
    await api.database.sql.begin(async (tx) => {
      await tx`insert into orders (id, customer_id) values (1, 1)`
      creating = api.call('POST', '/api/sinks', minimal)
      await eventually(() => expect(api.lines.join()).toContain('public.orders is busy'))
    })
    expect((await creating!).status).toBe(201)
  })
})

describe('creating a sink with', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await withOrders()
  })

  const table = (change: object) => ({ tables: [{ name: 'public.orders', ...change }] })
  it.each([
    [
      'a table that does not exist',
      { tables: [{ name: 'public.orders' }, { name: 'nothing' }] },
      'tables[1].name',
    ],
    ['a system catalog', { tables: [{ name: 'pg_catalog.pg_class' }] }, 'tables[0].name'],
    ['no tables', { tables: [] }, 'tables'],
    [
      'a table that stands there twice',
      { tables: [{ name: 'orders' }, { name: 'public.orders' }] },
      'tables[1].name',
    ],
    ['an unknown action', table({ actions: ['upsert'] }), 'tables[0].actions[0]'],
    ['a column that does not exist, to group by', table({ group_by: ['customer'] }), 'tables[0].group_by[0]'],
    [
      'a column that does not exist, to exclude',
      table({ exclude_columns: ['id', 'x'] }),
      'tables[0].exclude_columns[1]',
    ],
    ['a filter with a subquery', table({ filter: 'id in (select 1)' }), 'tables[0].filter'],
    ['a filter on a column that does not exist', table({ filter: 'nothing = 1' }), 'tables[0].filter'],
    ['an unknown field of a table', table({ where: 'x' }), 'tables[0].where'],
    ['an endpoint that does not exist', { endpoint: 'nobody' }, 'endpoint'],
    ['an alert endpoint that does not exist', { alert_endpoint: 'nobody' }, 'alert_endpoint'],
    ['a batch size of 0', { batch_size: 0 }, 'batch_size'],
    ['a batch size of 1001', { batch_size: 1001 }, 'batch_size'],
    ['a batch size of 1.5', { batch_size: 1.5 }, 'batch_size'],
    ['bare messages in batches', { batch: false, batch_size: 2 }, 'batch_size'],
    ['a timeout of 499 ms', { request_timeout_ms: 499 }, 'request_timeout_ms'],
    ['a rate limit of 0', { rate_limit: 0 }, 'rate_limit'],
    ['a status that there is not', { status: 'stopped' }, 'status'],
    ['a path to another host', { path: 'https://evil.example.com' }, 'path'],
    ['a name with a slash', { name: 'a/b' }, 'name'],
    ['an unknown field', { colour: 'red' }, 'colour'],
    ['a null where a number belongs', { concurrency: null }, 'concurrency'],
  ])('%s is refused, pointing at it, and leaves nothing behind', async (_, change, path) => {
    const { status, body } = await api.call('POST', '/api/sinks', { ...minimal, ...change })
    expect(status).toBe(400)
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path)
    expect((await api.call('GET', '/api/sinks')).body.data).toEqual([])
    expect(await triggers(api)).toEqual([])
    expect(api.errors).toEqual([])
  })
})

describe('changing a sink', () => {
  it('keeps what is not named, tables included', async () => {
    const { call } = await withOrders()
    await call('POST', '/api/sinks', example)
    const { status, body } = await call('PATCH', '/api/sinks/orders', { batch_size: 10 })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      batch_size: 10,
      path: '/orders',
      tables: [{ filter: example.tables[0]!.filter }],
    })
  })

  it('replaces tables whole, and takes triggers away from those that it left', async () => {
    const api = await withOrders()
    await api.database.sql`create table public.items (id int primary key)`
    await api.call('POST', '/api/sinks', example)
    const { body } = await api.call('PATCH', '/api/sinks/orders', { tables: [{ name: 'items' }] })
    expect(body.tables).toEqual([
      {
        name: 'public.items',
        actions: ['insert', 'update', 'delete'],
        filter: null,
        group_by: null,
        exclude_columns: [],
        unchanged: false,
      },
    ])
    expect(await triggers(api)).toEqual([
      'items: 00_rowhook_delete',
      'items: 00_rowhook_insert',
      'items: 00_rowhook_update',
    ])
  })

  it('of rows is refused where a table has no action that such a sink sends', async () => {
    const { call } = await withOrders()
    const tables = [{ name: 'orders', actions: ['delete', 'truncate'] }]
    const problem = { path: 'tables[0].actions', message: expect.stringContaining('insert or update') }
    const made = await call('POST', '/api/sinks', { ...minimal, tables, message_type: 'rows' })
    expect([made.status, made.body.errors]).toEqual([400, [problem]])
    expect((await call('POST', '/api/sinks', { ...minimal, tables })).status).toBe(201)
    const changed = await call('PATCH', '/api/sinks/orders', { message_type: 'rows' })
    expect([changed.status, changed.body.errors]).toEqual([400, [problem]])
    const both = { message_type: 'rows', tables: [{ name: 'orders', actions: ['update', 'delete'] }] }
    expect((await call('PATCH', '/api/sinks/orders', both)).status).toBe(200)
  })

  it('captures deletes as soon as it is about changes and no longer about rows', async () => {
    const { call, database } = await withOrders()
    await call('POST', '/api/sinks', { ...minimal, message_type: 'rows' })
    await call('PATCH', '/api/sinks/orders', { message_type: 'changes' })
    await database.sql`insert into orders (id, customer_id) values (1, 1)`
    await database.sql`delete from orders`
    const { body } = await call('GET', '/api/sinks/orders/messages')
    expect(body.data.map(({ action }: { action: string }) => action)).toEqual(['delete', 'insert'])

    await call('PATCH', '/api/sinks/orders', { message_type: 'rows' })
    await database.sql`insert into orders (id, customer_id) values (2, 1)`
    await database.sql`delete from orders`
    const events = await database.sql`select action::text as action from rowhook.event order by id`
    expect(events.map(({ action }) => action as string)).toEqual(['i', 'd', 'i'])
  })

  it('leaves everything as it was when the change is refused', async () => {
    const api = await withOrders()
    await api.database.sql`create table public.items (id int primary key)`
    await api.call('POST', '/api/sinks', example)
    const change = { tables: [{ name: 'items' }], endpoint: 'nobody' }
    expect((await api.call('PATCH', '/api/sinks/orders', change)).status).toBe(400)
    expect((await api.call('GET', '/api/sinks/orders')).body.tables[0].name).toBe('public.orders')
    expect((await triggers(api)).filter((name) => name.startsWith('items'))).toEqual([])
  })

  it('is checked against what stays', async () => {
    const { call } = await withOrders()
    await call('POST', '/api/sinks', { ...minimal, batch_size: 5 })
    const { status, body } = await call('PATCH', '/api/sinks/orders', { batch: false })
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe('batch_size')
  })

  it('does not overwrite a change that was made meanwhile', async () => {
    const { call } = await withOrders()
    const etag = (await call('POST', '/api/sinks', minimal)).headers.get('etag')!
    expect((await call('PATCH', '/api/sinks/orders', { batch_size: 2 }, { 'if-match': etag })).status).toBe(
      200,
    )
    expect((await call('PATCH', '/api/sinks/orders', { batch_size: 3 }, { 'if-match': etag })).status).toBe(
      412,
    )
    expect((await call('GET', '/api/sinks/orders')).body.batch_size).toBe(2)
  })

  it('may give it another name', async () => {
    const { call } = await withOrders()
    const { body } = await call('POST', '/api/sinks', minimal)
    expect((await call('PATCH', '/api/sinks/orders', { name: 'renamed' })).body).toMatchObject({
      id: body.id,
      name: 'renamed',
    })
    expect((await call('GET', '/api/sinks/orders')).status).toBe(404)
    expect((await call('GET', `/api/sinks/${body.id}`)).body.name).toBe('renamed')
  })

  it('follows a table and its columns to new names', async () => {
    const { call, database } = await withOrders()
    await call('POST', '/api/sinks', example)
    await database.sql`alter table orders rename to "Big Orders"`
    await database.sql`alter table "Big Orders" rename customer_id to customer`
    await database.sql`alter table "Big Orders" rename status to "State"`
    const { tables } = (await call('GET', '/api/sinks/orders')).body
    expect(tables[0]).toMatchObject({
      name: 'public."Big Orders"',
      filter: 'mrr > 100 and "State" is distinct from old."State"',
      group_by: ['customer'],
    })
    expect((await call('PATCH', '/api/sinks/orders', { tables })).body.tables).toEqual(tables)
  })

  it('shows a filter under the names of now, so that what was read can be sent back', async () => {
    const { call, database } = await withOrders()
    await call('POST', '/api/sinks', example)
    await database.sql`alter table orders rename mrr to "Monthly"`
    await database.sql`alter table orders add mrr int`
    const { tables } = (await call('GET', '/api/sinks/orders')).body
    expect(tables[0].filter).toBe('"Monthly" > 100 and status is distinct from old.status')
    const saved = async () => database.sql`select filter_parts, filter_columns from rowhook.sink_table`
    const before = await saved()
    const { status, body } = await call('PATCH', '/api/sinks/orders', { tables })
    expect({ status, tables: body.tables }).toEqual({ status: 200, tables })
    expect(await saved()).toEqual(before)
  })

  it('keeps the names that were saved where another sink took up a table that was made anew', async () => {
    const { call, database } = await withOrders()
    await call('POST', '/api/sinks', example)
    await call('POST', '/api/sinks', { ...example, name: 'other' })
    await database.sql`drop table orders`
    await database.sql`
      create table orders (status text, password_hash text, mrr numeric, id bigint primary key, customer_id int)`
    expect((await call('PATCH', '/api/sinks/other', { batch_size: 2 })).status).toBe(200)
    const { body } = await call('GET', '/api/sinks/orders')
    expect(body.tables[0]).toMatchObject(example.tables[0]!)
    expect((await call('PATCH', '/api/sinks/orders', { batch_size: 2 })).body.tables).toEqual([
      { ...body.tables[0], stale_reason: undefined },
    ])
  })
})

describe('a table that was dropped', () => {
  it('is said to be gone, and is captured again once it is back and the sink is saved', async () => {
    const { call, database } = await withOrders()
    await call('POST', '/api/sinks', minimal)
    await database.sql`drop table orders`
    expect((await call('GET', '/api/sinks/orders')).body.tables[0].stale_reason).toContain('was dropped')
    expect((await call('PATCH', '/api/sinks/orders', { batch_size: 2 })).status).toBe(200)
    await database.sql`create table public.orders (id int primary key)`
    const { tables } = (await call('GET', '/api/sinks/orders')).body
    const { body } = await call('PATCH', '/api/sinks/orders', { tables })
    expect(body.tables[0]).toMatchObject({ name: 'public.orders' })
    expect(body.tables[0].stale_reason).toBeUndefined()
    await database.sql`insert into orders values (1)`
    expect(await database.sql`select from rowhook.event where cardinality(sinks) = 1`).toHaveLength(1)
  })
})

describe('pausing a sink', () => {
  it('is shown as its status and health, and ended by resuming', async () => {
    const { call } = await withOrders()
    await call('POST', '/api/sinks', minimal)
    expect((await call('POST', '/api/sinks/orders/pause')).body).toMatchObject({
      status: 'paused',
      health: 'paused',
    })
    expect((await call('POST', '/api/sinks/orders/resume')).body).toMatchObject({
      status: 'active',
      health: 'ok',
    })
    expect((await call('PATCH', '/api/sinks/orders', { status: 'disabled' })).body.health).toBe('disabled')
  })
})

describe('deleting a sink', () => {
  it('takes its triggers along, and those only that no other sink needs', async () => {
    const api = await withOrders()
    await api.call('POST', '/api/sinks', minimal)
    await api.call('POST', '/api/sinks', { ...minimal, name: 'second' })
    expect((await api.call('DELETE', '/api/sinks/orders')).status).toBe(204)
    expect(await triggers(api)).toHaveLength(3)
    expect((await api.call('DELETE', '/api/sinks/second')).status).toBe(204)
    expect(await triggers(api)).toEqual([])
    expect((await api.call('DELETE', '/api/sinks/second')).status).toBe(404)
  })

  it('leaves the table free for another one', async () => {
    const api = await withOrders()
    for (const name of ['first', 'second']) {
      expect((await api.call('POST', '/api/sinks', { ...minimal, name })).status).toBe(201)
      expect(await triggers(api)).toHaveLength(3)
      expect((await api.call('DELETE', `/api/sinks/${name}`)).status).toBe(204)
    }
  })

  it('at the moment when another one is made leaves that one with its triggers', async () => {
    const api = await withOrders()
    await api.call('POST', '/api/sinks', { ...minimal, name: 's0' })
    for (let i = 1; i <= 8; i++) {
      const made = api.call('POST', '/api/sinks', { ...minimal, name: `s${i}` })
      const gone = api.call('DELETE', `/api/sinks/s${i - 1}`)
      expect([(await made).status, (await gone).status]).toEqual([201, 204])
      expect(await triggers(api)).toHaveLength(3)
    }
  })
})
