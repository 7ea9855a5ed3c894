import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { claim, failedBatch, makeSink } from '../messages/sink.ts'
import { keys, logFixture, range } from './log.ts'

const keptFor = async (sql: Sql) =>
  (await sql`select kept_for from rowhook.log_partitions where kept_for is not null order by name`).map(
    (row) => row['kept_for'],
  )

test('what a sink has not read stays, whatever the sink’s status', async () => {
  const { sql, sink, capture, maintainAt } = await logFixture()
  await capture(0, [1])
  for (const status of ['active', 'paused', 'disabled']) {
    await sql`update rowhook.sink set status = ${status}`
    await maintainAt(5)
    expect(await keys(sql)).toEqual([1])
  }
  expect(await keptFor(sql)).toEqual(['sink orders still to read it'])
  await sql`update rowhook.sink set status = 'active'`
  await (await claim(sql, sink)).deliverAll()
  await maintainAt(5)
  expect(await keys(sql)).toEqual([])
  expect(await keptFor(sql)).toEqual([])
})

test('a sink that is behind keeps nothing that it does not want', async () => {
  const { sql, capture, maintainAt } = await logFixture()
  await capture(0, range(1, 2000), { wanted: false })
  await capture(1, [2001])
  await maintainAt(5)
  expect(await keys(sql)).toEqual([2001])
})

test('in the middle of a window, the rest of it stays', async () => {
  const { sql, sink, capture, maintainAt } = await logFixture()
  await capture(0, [1, 2])
  const run = await claim(sql, sink)
  await run.settle(await run.read(1))
  await run.release()
  await maintainAt(5)
  expect(await keys(sql)).toEqual([1, 2])
  await (await claim(sql, sink)).deliverAll()
  await maintainAt(5)
  expect(await keys(sql)).toEqual([])
})

test('what an open transaction has written stays', async () => {
  const { sql, sink, capture, maintainAt } = await logFixture()
  const slow = await sql.reserve()
  await slow`begin`
  await slow`
    insert into rowhook.event (source_id, action, captured_at, sinks, pks) values (${sink.source}, 'i', now(), ${[sink.id]}, '{1}')`
  await capture(0, [2])
  await (await claim(sql, sink)).deliverAll()
  await maintainAt(5)
  await slow`commit`
  slow.release()
  await maintainAt(5)
  expect((await keys(sql)).includes(1)).toBe(true)
})

test('members of failed batches stay, and what waits behind them; the rest of the day goes', async () => {
  const { sql, sink, capture, maintainAt } = await logFixture()
  const ids = await capture(0, range(1, 3000))
  const run = await claim(sql, sink)
  await run.settle(await run.read(5000), {
    freeze: [failedBatch(sink, [{ id: ids[0]!, key: 1 }])],
    hold: [{ event_id: ids[10], groups: [`${sink.source}:1`], failures: 0 }],
  })
  await run.release()
  await maintainAt(5)
  expect(await keys(sql)).toEqual([1, 11])
  expect(await keptFor(sql)).toEqual(['messages that are failing, or wait behind such'])
  const [stored] =
    await sql`select count(*)::int from rowhook.fetch_events(${sink.id}, ${[ids[0]!, ids[10]!]})`
  expect(stored).toEqual({ count: 2 })
  await (await claim(sql, sink)).note({ done: ['msg_1'], release: [ids[10]] })
  await maintainAt(5)
  expect(await keys(sql)).toEqual([])
})

test('discarded messages keep their payload themselves', async () => {
  const { sql, sink, capture, maintainAt } = await logFixture()
  const [id] = await capture(0, [1])
  const run = await claim(sql, sink)
  await run.settle(await run.read(), {
    discard: [{ event_id: id, groups: [], attempts: 1, webhook_id: null, error: 'no' }],
  })
  await run.release()
  await maintainAt(5)
  expect(await keys(sql)).toEqual([])
  const shown = () => sql`select state, record::text as record from rowhook.list_messages(${sink.id})`
  expect(await shown()).toEqual([{ state: 'discarded', record: '{"id" : 1}' }])
  await sql`select rowhook.redeliver(${sink.id}, 'discarded')`
  expect(await shown()).toEqual([{ state: 'pending', record: '{"id" : 1}' }])
  await maintainAt(6)
  expect(await keys(sql)).toEqual([1])
})

test('a message that was redelivered after its day had gone leaves the log once it is delivered', async () => {
  const { sql, sink, capture, maintainAt } = await logFixture()
  const [id] = await capture(0, [1])
  const run = await claim(sql, sink)
  await run.settle(await run.read(), {
    discard: [{ event_id: id, groups: [], attempts: 1, webhook_id: null, error: 'no' }],
  })
  await run.release()
  await maintainAt(5)
  await sql`select rowhook.redeliver(${sink.id}, 'discarded')`
  await maintainAt(5)
  expect(await sql`select tableoid::regclass::text as part from rowhook.event`).toEqual([
    { part: 'rowhook.event_default' },
  ])
  const again = await claim(sql, sink)
  await again.note({ release: [id] })
  await maintainAt(5)
  expect(await keys(sql)).toEqual([])
})

test('a replay keeps what it has still to read, and nothing once it is over', async () => {
  const { sql, sink, capture, maintainAt } = await logFixture()
  const ids = await capture(0, [1, 2, 3])
  await (await claim(sql, sink)).deliverAll()
  const [replay] = await sql`
    insert into rowhook.replay (sink_id, state, since, until, until_id, source_ids)
    values (${sink.id}, 'paused', now() - interval '1 day', now() + interval '1 day', ${ids[2]!}, ${[sink.source]}) returning id`
  await sql`
    insert into rowhook.stream (sink_id, replay_id, tick_from, tick_to, last_id)
    select ${sink.id}, ${replay!['id']}, tick_from, tick_to, ${ids[0]!} from rowhook.stream`
  await maintainAt(5)
  expect(await keys(sql)).toEqual([1, 2, 3])
  expect(await keptFor(sql)).toEqual(['a replay of sink orders still to read it'])
  await sql`update rowhook.stream set last_id = ${ids[2]!} where replay_id is not null`
  await maintainAt(5)
  expect(await keys(sql)).toEqual([])
  await sql`update rowhook.replay set state = 'completed'`
  await maintainAt(5)
  expect(await sql`select from rowhook.stream where replay_id is not null`).toHaveLength(0)
})

test('a table whose history is kept keeps its own changes only, to the day', async () => {
  const { sql, session, sink, capture, maintainAt } = await logFixture()
  await sql`create table payments (id int primary key)`
  const payments = await makeSink(sql, { name: 'payments', table: 'payments' })
  await session`select rowhook.retain('payments', '10 days')`
  await capture(0, range(1, 3000))
  await capture(0, [9001, 9002], { sink: payments, wanted: false })
  await capture(0, [9003], { sink: payments })
  for (const one of [sink, payments]) await (await claim(sql, one)).deliverAll()
  await maintainAt(4)
  expect(await keys(sql)).toEqual([9001, 9002, 9003])
  expect(await keptFor(sql)).toEqual(['history of public.payments'])
  await maintainAt(10)
  expect(await keys(sql)).toEqual([9001, 9002, 9003])
  await maintainAt(11)
  expect(await keys(sql)).toEqual([])
})

test('a day of which much is kept is rebuilt beside its old self and swapped', async () => {
  const { sql, session, sink, capture, maintainAt } = await logFixture()
  await sql`create table payments (id int primary key)`
  const payments = await makeSink(sql, { name: 'payments', table: 'payments' })
  await session`select rowhook.retain('payments', '10 days')`
  await capture(0, range(1, 30_000))
  await capture(0, range(30_001, 41_000), { sink: payments, wanted: false })
  for (const one of [sink, payments]) await (await claim(sql, one)).deliverAll()
  await maintainAt(4)
  expect(await keys(sql)).toEqual(range(30_001, 41_000))
  const [found] = await sql`
    select count(*)::int as copies from pg_class where relname like 'event%rest' and relkind = 'r'`
  expect(found).toEqual({ copies: 0 })
  await capture(0, [50_000], { sink: payments }) // it is attached, with the index of the log
  const [plan] = await sql`explain (format json) select from rowhook.event where source_id = 2 and id = 5`
  expect(JSON.stringify(plan)).not.toContain('Seq Scan')
})

test('a replay is refused where days were dropped, and only for tables that lost any', async () => {
  const { sql, session, sink, capture, at, maintainAt } = await logFixture()
  await sql`create table payments (id int primary key)`
  const payments = await makeSink(sql, { name: 'payments', table: 'payments' })
  await session`select rowhook.retain('payments', '10 days')`
  await capture(0, range(1, 2000))
  await capture(0, [2001], { sink: payments })
  for (const one of [sink, payments]) await (await claim(sql, one)).deliverAll()
  await maintainAt(4)
  await at(4)
  const [starts] = await session`
    select rowhook.history_dropped_until(${[sink.source]}) = date_trunc('day', now(), 'UTC') + interval '1 day' as orders,
      rowhook.history_dropped_until(${[payments.source]}) as payments`
  expect(starts).toEqual({ orders: true, payments: null })
})
