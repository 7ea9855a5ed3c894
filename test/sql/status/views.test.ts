import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { claim, failedBatch, makeSink } from '../messages/sink.ts'

async function prepare() {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key, customer int)`
  return sql
}

/** What an error says, without its place. */
async function refused(query: ReturnType<Sql>) {
  const error = await query.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const { message, detail, hint } = error as { message: string; detail?: string; hint?: string }
  return { message, detail, hint }
}

test('rowhook.status has a row per sink', async () => {
  const sql = await prepare()
  const sink = await makeSink(sql)
  await makeSink(sql, { name: 'other' })
  await sql`select rowhook.pause_sink('other')`
  await sql`insert into orders values (1, 1), (2, 2), (3, 3)`
  const run = await claim(sql, sink)
  await run.settle(await run.read(), { freeze: [failedBatch(sink, [{ id: 1, key: 1 }])], error: '503' }, 2)
  const rows = await sql`
    select name, state, pending::int, lag > interval '0' as lags, failing::int, discarded::int, delivered::int,
      blocked_groups::int, last_error
    from rowhook.status order by name`
  expect(rows).toEqual([
    {
      name: 'orders',
      state: 'degraded',
      pending: 0,
      lags: true,
      failing: 1,
      discarded: 0,
      delivered: 2,
      blocked_groups: 1,
      last_error: '503',
    },
    {
      name: 'other',
      state: 'paused',
      pending: 3,
      lags: true,
      failing: 0,
      discarded: 0,
      delivered: 0,
      blocked_groups: 0,
      last_error: null,
    },
  ])
})

test('rowhook.messages shows each retained change once per sink that wants it', async () => {
  const sql = await prepare()
  const sink = await makeSink(sql)
  await makeSink(sql, { name: 'other' })
  await sql`insert into orders values (1, 1), (2, 2), (3, 3)`
  const run = await claim(sql, sink)
  await run.settle(await run.read(), {
    freeze: [failedBatch(sink, [{ id: 1, key: 1 }])],
    discard: [{ event_id: 2, groups: [], attempts: 1, webhook_id: null, error: 'no' }],
  })
  const rows = await sql`
    select sink, event_id::int as id, state, table_name, action, "group" from rowhook.messages order by sink, event_id`
  const common = { table_name: 'public.orders', action: 'insert' }
  expect(rows).toEqual([
    { ...common, sink: 'orders', id: 1, state: 'failing', group: '1' },
    { ...common, sink: 'orders', id: 2, state: 'discarded', group: '2' },
    { ...common, sink: 'orders', id: 3, state: 'delivered', group: '3' },
    { ...common, sink: 'other', id: 1, state: 'pending', group: '1' },
    { ...common, sink: 'other', id: 2, state: 'pending', group: '2' },
    { ...common, sink: 'other', id: 3, state: 'pending', group: '3' },
  ])
  const [plan] = await sql`explain (format json) select * from rowhook.messages where state = 'failing'`
  expect(JSON.stringify(plan)).not.toContain('delivered')
})

test('rowhook.changes and rowhook.history show changes that no sink wants, where history is kept', async () => {
  const sql = await prepare()
  await sql`select rowhook.retain('orders', '30 days')`
  await sql`insert into orders values (1, 1), (2, 2)`
  await sql.begin(async (tx) => {
    await tx`select rowhook.annotate('{"user_id": 7}')`
    await tx`update orders set customer = 9 where id = 1`
  })
  await sql`update orders set id = 3 where id = 1`
  await sql`delete from orders where id = 3`
  const history = (key: string) => sql`
    select action, key, previous_key, record::text as record, changes::text as changes, annotations
    from rowhook.history('public.orders', ${key})`
  expect(await history('1')).toEqual([
    {
      action: 'insert',
      key: '1',
      previous_key: null,
      record: '{"id":1,"customer":1}',
      changes: null,
      annotations: null,
    },
    {
      action: 'update',
      key: '1',
      previous_key: null,
      record: '{"id":1,"customer":9}',
      changes: '{"customer":1}',
      annotations: '{"user_id": 7}',
    },
    {
      action: 'update',
      key: '3',
      previous_key: '1',
      record: '{"id":3,"customer":9}',
      changes: '{"id":1}',
      annotations: null,
    },
  ])
  expect((await history('3')).map((row) => row['action'])).toEqual(['update', 'delete'])
  const [all] = await sql`
    select count(*)::int as changes, array_agg(distinct table_name) as tables, array_agg(distinct sinks::text) as sinks
    from rowhook.changes`
  expect(all).toEqual({ changes: 5, tables: ['public.orders'], sinks: ['{}'] })
})

test('history finds keys of several columns, whose values may hold colons', async () => {
  const sql = await prepare()
  await sql`create table reading (device text, at text, n int, primary key (device, at))`
  await sql`select rowhook.retain('public.reading', '1 day')`
  await sql`insert into reading values ('a', '12:30', 1), ('a:12', '30', 2), ('b', '12:30', 3), ('a', '', 4)`
  const found = async (key: string) =>
    (await sql`select (record ->> 'n')::int as n from rowhook.history('reading', ${key})`).map(
      (row) => row['n'],
    )
  expect(await found('a:12:30')).toEqual([1, 2])
  expect(await found('b:12:30')).toEqual([3])
  expect(await found('a:')).toEqual([4])
  expect(await found('c:1')).toEqual([])
})

test('a table without a key has one history, and one that was dropped keeps its own', async () => {
  const sql = await prepare()
  await sql`create table log (line text)`
  await sql`select rowhook.retain('log', '1 day')`
  await sql`insert into log values ('a'), ('b')`
  const lines = () => sql`select record::text as record from rowhook.history('public.log', '')`
  expect(await lines()).toHaveLength(2)
  await sql`drop table log`
  expect(await lines()).toHaveLength(2)
})

test('history says what is wrong with a table', async () => {
  const sql = await prepare()
  expect(await refused(sql`select rowhook.history('nowhere', '1')`)).toEqual({
    message: 'there is no table nowhere',
    detail: 'Without a schema, a name means the schema public.',
    hint: 'give the name with its schema, quoted as in SQL: public.orders',
  })
  expect(await refused(sql`select rowhook.history('orders', '1')`)).toEqual({
    message: 'rowhook does not capture public.orders',
    detail: 'No sink names this table, and its history is not kept.',
    hint: "keep its history from now on: select rowhook.retain('orders', '30 days')",
  })
})

test('pausing and resuming raises the version, leaves a line in the audit log, and tells dispatchers', async () => {
  const sql = await prepare()
  const sink = await makeSink(sql)
  await sql`update rowhook.sink set status_reason = 'the receiver answered 410 Gone'`
  await sql`select rowhook.pause_sink('orders')`
  await sql`select rowhook.pause_sink('orders')`
  const state = async () =>
    (await sql`select status, status_reason, version::int from rowhook.sink where id = ${sink.id}`)[0]
  expect(await state()).toEqual({ status: 'paused', status_reason: null, version: 2 })
  await sql`select rowhook.resume_sink('orders')`
  expect(await state()).toEqual({ status: 'active', status_reason: null, version: 3 })
  const lines = await sql`select actor, action, resource, before, after from rowhook.audit order by id`
  const common = { actor: 'sql:postgres', resource: 'sink:orders' }
  expect(lines).toEqual([
    { ...common, action: 'sink.pause', before: { status: 'active' }, after: { status: 'paused' } },
    { ...common, action: 'sink.resume', before: { status: 'paused' }, after: { status: 'active' } },
  ])
  expect(await refused(sql`select rowhook.pause_sink('ordres')`)).toEqual({
    message: "there is no sink named 'ordres'",
    detail: 'the sinks are orders',
    hint: 'make it with POST /api/sinks, or see: select name from rowhook.status',
  })
})

test('retain and unretain turn the capture of a table on and off', async () => {
  const sql = await prepare()
  await sql`insert into orders values (1, 1)`
  await sql`select rowhook.retain('public.orders', '30 days')`
  await sql`insert into orders values (2, 2)`
  expect(
    await sql`select table_name, keep::text, filter, oldest is not null as kept from rowhook.retentions`,
  ).toEqual([{ table_name: 'public.orders', keep: '30 days', filter: null, kept: true }])
  await sql`select rowhook.retain('public.orders', '1 day')`
  await sql`select rowhook.unretain('public.orders')`
  await sql`insert into orders values (3, 3)`
  expect(await sql`select key from rowhook.changes`).toEqual([{ key: '2' }])
  expect(await sql`select from rowhook.retentions`).toHaveLength(0)
  const triggers = await sql`select from pg_trigger where tgrelid = 'orders'::regclass`
  expect(triggers).toHaveLength(0)
  const lines =
    await sql`select action, before ->> 'keep' as before, after ->> 'keep' as after from rowhook.audit order by id`
  expect(lines).toEqual([
    { action: 'retention.set', before: null, after: '30 days' },
    { action: 'retention.set', before: '30 days', after: '1 day' },
    { action: 'retention.delete', before: '1 day', after: null },
  ])
})

test('unretain leaves a table alone that a sink names', async () => {
  const sql = await prepare()
  await makeSink(sql)
  await sql`select rowhook.retain('orders', '30 days')`
  await sql`select rowhook.unretain('orders')`
  await sql`insert into orders values (1, 1)`
  expect(await sql`select sinks from rowhook.changes`).toEqual([{ sinks: ['orders'] }])
})

test('retain refuses what cannot be kept, and says what to do', async () => {
  const sql = await prepare()
  await sql`create view orders_view as select * from orders`
  expect(await refused(sql`select rowhook.retain('orders', '-1 day')`)).toEqual({
    message: '-1 days is no time to keep changes for',
    detail: 'It must be longer than nothing.',
    hint: "for example: select rowhook.retain('orders', '30 days'); to end it: rowhook.unretain",
  })
  expect(await refused(sql`select rowhook.retain('orders_view', '1 day')`)).toEqual({
    message: 'the history of public.orders_view cannot be kept',
    detail: 'public.orders_view is a view, which holds no rows of its own; name the tables beneath it',
    hint: 'name a table of your own on which triggers can be created',
  })
  expect(await refused(sql`select rowhook.retain('nowhere', '1 day')`)).toMatchObject({
    message: 'there is no table nowhere',
  })
  expect(await refused(sql`select rowhook.unretain('orders')`)).toMatchObject({
    message: 'rowhook does not capture public.orders',
  })
})

test('retain on a busy table gives up after its second, and changes nothing', async () => {
  const sql = await prepare()
  const writer = await sql.reserve()
  await writer`begin`
  await writer`insert into orders values (1, 1)`
  expect(await refused(sql`select rowhook.retain('orders', '1 day')`)).toEqual({
    message: 'public.orders is busy: no lock on it in 1 s',
    detail: 'Creating a trigger waits for every open transaction that wrote to the table.',
    hint: 'try again in a quieter moment, or set lock_timeout to wait longer; writers wait behind you meanwhile',
  })
  await writer`commit`
  writer.release()
  expect(await sql`select from rowhook.retentions`).toHaveLength(0)
})
