import { expect, test } from 'vitest'
import { claim, failedBatch } from '../messages/sink.ts'
import { keys, logFixture } from './log.ts'

test('without a cap, nothing that was not delivered is ever dropped', async () => {
  const { sql, capture, maintainAt } = await logFixture()
  await capture(0, [1])
  await maintainAt(365)
  expect(await keys(sql)).toEqual([1])
})

test('a cap by age drops old days, and every message that it cost is discarded with the reason', async () => {
  const { sql, session, sink, capture, maintainAt } = await logFixture()
  await session`select rowhook.cap_log(max_age => '3 days')`
  const [delivered] = await capture(0, [1])
  const run = await claim(sql, sink)
  await run.settle(await run.read())
  await run.release()
  await capture(0, [2, 3])
  await capture(4, [4])
  await maintainAt(5)
  expect(await keys(sql)).toEqual([4])
  const shown = await sql`
    select state, grp, record, last_error from rowhook.list_messages(${sink.id}) order by event_id`
  const lost = {
    state: 'discarded',
    record: null,
    last_error: 'the log is capped at 3 days (rowhook.cap_log)',
  }
  expect(shown).toEqual([
    { ...lost, grp: '2' },
    { ...lost, grp: '3' },
    { state: 'pending', grp: '4', record: { id: 4 }, last_error: null },
  ])
  expect(await sql`select from rowhook.discarded where event_id = ${delivered!}`).toHaveLength(0)
  const [status] = await sql`select last_error from rowhook.status`
  expect(status).toEqual({
    last_error: '2 messages were dropped: the log is capped at 3 days (rowhook.cap_log)',
  })
  const [line] = await sql`select actor, after from rowhook.audit where action = 'log.cap'`
  expect(line).toEqual({
    actor: 'rowhook',
    after: { reason: 'the log is capped at 3 days (rowhook.cap_log)', messages: 2, sinks: { orders: 2 } },
  })
  const next = await claim(sql, sink)
  expect(await next.deliverAll()).toHaveLength(1)
})

test('what a cap has dropped cannot be redelivered', async () => {
  const { sql, session, sink, capture, maintainAt } = await logFixture()
  await session`select rowhook.cap_log(max_age => '3 days')`
  await capture(0, [1])
  await maintainAt(5)
  expect(await sql`select rowhook.redeliver(${sink.id}, 'discarded')::int as count`).toEqual([{ count: 0 }])
})

test('a cap by size drops the oldest days first, and never the one that is written', async () => {
  const { sql, session, sink, at, maintainAt } = await logFixture()
  const fill = (day: number, key: number) => sql`
    insert into rowhook.event (source_id, action, captured_at, sinks, pks, record)
    select ${sink.source}, 'i', date_trunc('day', now(), 'UTC') + make_interval(days => ${day}, hours => 1), ${[sink.id]},
      array[${String(key)}], to_json(string_agg(md5(random()::text), '')) from generate_series(1, 3500 * 200) i group by i % 3500`
  await fill(0, 1)
  await fill(1, 2)
  await fill(2, 3)
  await session`select rowhook.cap_log(max_bytes => 67108864)`
  await maintainAt(2)
  const left = await sql`select distinct pks[1] as key from rowhook.event order by 1`
  expect(left.map((row) => row['key'])).toEqual(['2', '3'])
  await at(2)
  expect(await session`select from rowhook.capped_partitions()`).toHaveLength(0)
})

test('a failing message whose day is capped is not reported twice', async () => {
  const { sql, session, sink, capture, maintainAt } = await logFixture()
  const ids = await capture(0, [1])
  const run = await claim(sql, sink)
  await run.settle(await run.read(), { freeze: [failedBatch(sink, [{ id: ids[0]!, key: 1 }])] })
  await run.release()
  await session`select rowhook.cap_log(max_age => '1 day')`
  await maintainAt(5)
  expect(await sql`select from rowhook.discarded`).toHaveLength(0)
  expect(await sql`select from rowhook.batch`).toHaveLength(1) // found to be lost when its turn comes
})

test('a cap that makes no sense is refused', async () => {
  const { sql } = await logFixture()
  await expect(sql`select rowhook.cap_log(max_age => '1 hour')`).rejects.toMatchObject({
    message: 'a cap of 01:00:00 is too short',
    hint: 'give at least 1 day, or null for no cap by age',
  })
  await expect(sql`select rowhook.cap_log(max_bytes => 1000)`).rejects.toMatchObject({
    message: 'a cap of 1000 bytes is too small',
    hint: 'give at least 67108864 (64 MB), or null for no cap by size',
  })
})
