import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { type SinkFixture, claim, failedBatch, makeSink } from '../messages/sink.ts'

async function prepare() {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key, customer int)`
  return { sql, sink: await makeSink(sql) }
}

const insert = (sql: Sql, from: number, to: number) =>
  sql`insert into orders select i, i from generate_series(${from}::int, ${to}::int) i`

async function stats(sql: Sql, sink: SinkFixture) {
  const [row] = await sql`
    select health, pending::int, delivered::int, failing::int, discarded::int, blocked_groups::int, last_error,
      lag_ms > 0 as lags, messages_per_second as rate
    from rowhook.sink_stats(${[sink.id]})`
  return { ...row }
}
const quiet = {
  health: 'ok',
  pending: 0,
  delivered: 0,
  failing: 0,
  discarded: 0,
  blocked_groups: 0,
  last_error: null,
  lags: false,
  rate: 0,
}

test('a sink with nothing to do has no numbers', async () => {
  const { sql, sink } = await prepare()
  expect(await stats(sql, sink)).toEqual(quiet)
  expect(await sql`select from rowhook.sink_stats('{}')`).toHaveLength(0)
  expect(await sql`select from rowhook.sink_stats('{999}')`).toHaveLength(0)
})

test('pending counts what has committed since the newest tick, with no dispatcher at work', async () => {
  const { sql, sink } = await prepare()
  const other = await makeSink(sql, { name: 'other' })
  await insert(sql, 1, 3)
  expect(await stats(sql, sink)).toEqual({ ...quiet, pending: 3, lags: true })
  const run = await claim(sql, sink)
  await run.deliverAll()
  await insert(sql, 4, 5)
  expect(await stats(sql, sink)).toEqual({ ...quiet, pending: 2, delivered: 3, lags: true })
  expect(await stats(sql, other)).toEqual({ ...quiet, pending: 5, lags: true })
})

test('in the middle of a window, the rest of it and what came since are pending', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1, 5)
  const run = await claim(sql, sink)
  await run.settle(await run.read(2))
  await insert(sql, 6, 7)
  expect(await stats(sql, sink)).toMatchObject({ pending: 5, delivered: 2 })
})

test('uncommitted changes are not pending, however far the position is ahead of their ids', async () => {
  const { sql, sink } = await prepare()
  const slow = await sql.reserve()
  await slow`begin`
  await slow`insert into orders values (1, 1)`
  await insert(sql, 2, 2)
  const run = await claim(sql, sink)
  await run.deliverAll()
  expect(await stats(sql, sink)).toMatchObject({ pending: 0 })
  await slow`commit`
  slow.release()
  expect(await stats(sql, sink)).toMatchObject({ pending: 1 })
})

test('what is written down of messages is counted once, before and after the position has passed them', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1, 6)
  const run = await claim(sql, sink)
  const chunk = await run.read()
  await run.note({
    freeze: [
      failedBatch(sink, [
        { id: 1, key: 1 },
        { id: 2, key: 2 },
      ]),
      failedBatch(sink, [{ id: 3, key: 3 }], { id: 'msg_3', failures: 0, nextMs: null, error: null }),
    ],
    hold: [{ event_id: 4, groups: [`${sink.source}:1`], failures: 0 }],
    discard: [{ event_id: 5, groups: [], attempts: 0, webhook_id: null, error: 'no' }],
    error: '503 Service Unavailable',
  })
  const written = {
    failing: 2,
    discarded: 1,
    blocked_groups: 2,
    health: 'degraded',
    last_error: '503 Service Unavailable',
  }
  expect(await stats(sql, sink)).toMatchObject({ ...written, pending: 3 }) // 3, 4, and 6 in the log
  await run.settle(chunk, null, 1)
  expect(await stats(sql, sink)).toMatchObject({ ...written, pending: 2, delivered: 1, lags: true })
})

test('lag is the age of the oldest message that is not through: failing, behind one that fails, or under way', async () => {
  const { sql, sink } = await prepare()
  const other = await makeSink(sql, { name: 'other' })
  const lag = async () => {
    const [row] = await sql`select lag_ms::int as lag from rowhook.sink_stats(${[sink.id]})`
    return Math.round((row!['lag'] as number) / 60_000)
  }
  await insert(sql, 1, 4)
  await sql`update rowhook.event set captured_at = captured_at - id * interval '1 minute'`
  const run = await claim(sql, sink)
  const others = await claim(sql, other)
  await others.deliverAll()
  await run.settle(await run.read(), {
    freeze: [
      failedBatch(sink, [{ id: 2, key: 2 }]),
      failedBatch(sink, [{ id: 3, key: 3 }], { id: 'msg_3', failures: 0, nextMs: null, error: null }),
    ],
    hold: [{ event_id: 4, groups: [`${sink.source}:2`], failures: 0 }],
  })
  expect(await lag()).toBe(2)
  await run.note({ done: ['msg_1'] })
  expect(await lag()).toBe(3)
  expect(await stats(sql, other)).toMatchObject({ lags: false })
})

test('the number of pending messages ends at 100,000 a table', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1, 100_050)
  expect(await stats(sql, sink)).toMatchObject({ pending: 100_000 })
})

test('what is set aside by the hundred thousand is counted while a person waits', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1, 60_000)
  const run = await claim(sql, sink)
  // of 60,000 that lie ahead of the position, all but 10 are written down
  await sql`
    insert into rowhook.held (stream_id, event_id, groups)
    select ${sink.stream}, e.id, array['1:1'] from rowhook.event e order by e.id limit 59990`
  await sql`set statement_timeout = '5s'`
  expect(await stats(sql, sink)).toMatchObject({ pending: 60_000 })
  await run.release()
})

test('health is what a person has decided, then what is broken, then what fails', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1, 1)
  const run = await claim(sql, sink)
  await run.settle(await run.read(), { freeze: [failedBatch(sink, [{ id: 1, key: 1 }])], error: '500' })
  const health = async () => (await stats(sql, sink))['health']
  expect(await health()).toBe('degraded')
  await run.note({ circuit: { state: 'open', blind: true, failures: 5, probes: 0, next_ms: 1000 } })
  expect(await health()).toBe('failing')
  await sql`update rowhook.sink_table set stale_reason = 'column status is gone'`
  expect(await stats(sql, sink)).toMatchObject({ health: 'stale', last_error: 'column status is gone' })
  await run.note({ pause: 'the receiver answered 410 Gone' })
  expect(await stats(sql, sink)).toMatchObject({
    health: 'paused',
    last_error: 'the receiver answered 410 Gone',
  })
  await sql`update rowhook.sink set status = 'disabled'`
  expect(await health()).toBe('disabled')
})

test('a failing batch of a replay degrades the sink as well', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1, 1)
  await (await claim(sql, sink)).deliverAll()
  const [replay] = await sql`insert into rowhook.replay (sink_id) values (${sink.id}) returning id`
  const [stream] = await sql`
    insert into rowhook.stream (sink_id, replay_id, tick_from, tick_to)
    select ${sink.id}, ${replay!['id']}, tick_from, tick_to from rowhook.stream returning id`
  await sql`
    insert into rowhook.batch (id, stream_id, event_ids, member_failures, groups, next_at)
    values ('msg_r', ${stream!['id']}, '{1}', '{1}', ${[`${sink.source}:1`]}, now())`
  expect(await stats(sql, sink)).toMatchObject({
    health: 'degraded',
    failing: 1,
    blocked_groups: 1,
    pending: 0,
  })
})

test('the rate is of the last minute, and counts what was acknowledged', async () => {
  const { sql, sink } = await prepare()
  await sql`update rowhook.stream set last_delivered_at = now()`
  await sql`
    insert into rowhook.delivery (sink_id, webhook_id, event_ids, attempt, at, ok, duration_ms)
    select ${sink.id}, 'm', '{1,2,3}', 1, now() - n * interval '20 seconds', n <> 1, 1 from generate_series(4, 0, -1) n`
  expect(await stats(sql, sink)).toMatchObject({ rate: 6 / 60 })
})

test('the numbers of a thousand sinks take a few blocks each, with nothing to do or with a failed batch', async () => {
  const { sql } = await prepare()
  await sql.unsafe(`
    insert into rowhook.sink (name, endpoint_id)
      select 's' || i, e.id from rowhook.endpoint e, generate_series(1, 1000) i;
    insert into rowhook.source (schema_name, table_name) select 'public', 't' || i from generate_series(1, 200) i;
    insert into rowhook.sink_table (sink_id, source_id, ordinal)
      select s.id, 1 + s.id % 200, 0 from rowhook.sink s where name <> 'orders';
    select count(rowhook.create_stream(s.id)) from rowhook.sink s where name <> 'orders';
    analyze`)
  expect(await blocksOf(sql)).toBeLessThan(5000)
  await sql`
    insert into rowhook.batch (id, stream_id, event_ids, member_failures, groups, next_at)
    select 'msg_' || st.id, st.id, array[st.id], '{1}', '{x}', now() from rowhook.stream st`
  expect(await blocksOf(sql)).toBeLessThan(5000)
})

/** How many blocks the database looks at for the numbers of all sinks. */
async function blocksOf(sql: Sql): Promise<number> {
  const [row] = await sql`
    explain (analyze, buffers, timing off, format json)
    select * from rowhook.sink_stats(array(select id from rowhook.sink))`
  const [{ Plan: plan }] = row!['QUERY PLAN'] as [{ Plan: Record<string, number> }]
  expect(plan['Actual Rows']).toBe(1001)
  return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!
}
