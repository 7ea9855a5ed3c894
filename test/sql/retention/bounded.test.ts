// Everything of rowhook's own that grows is bounded: months of days, one after the other.
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { claim, makeSink } from '../messages/sink.ts'
import { keys, logFixture, range } from './log.ts'

test('ticks go after an hour, save those that somebody reads from or begins a scan at', async () => {
  const { sql, session, sink, at, capture, maintainAt } = await logFixture()
  const behind = await makeSink(sql, { name: 'behind' })
  const tick = async () => Number((await sql`select tick_id as id from rowhook.take_tick()`)[0]!['id'])
  for (let i = 0; i < 20; i += 1) {
    await capture(0, [i])
    await tick()
  }
  await sql`
    update rowhook.tick t set at = t.at + n.number * interval '1 second'
    from (select id, row_number() over (order by id) as number from rowhook.tick) n where n.id = t.id`
  const [tenth] = await sql`select id from rowhook.tick order by id offset 9 limit 1`
  const ten = tenth!['id'] as string
  await (await claim(sql, sink)).deliverAll()
  await sql`update rowhook.stream set tick_from = ${ten}, tick_to = ${ten}, owner = null where sink_id = ${behind.id}`
  await sql`update rowhook.stream set owner = null`
  await at(0)
  await session`select set_config('rowhook.now', (now() + interval '2 hours')::text, false)`
  // For the widest window there is, the start is the same whatever else goes on in the cluster.
  const low = async () =>
    (
      await sql`
        select rowhook.window_low(t, '9223372036854775806:9223372036854775806:')::int as low
        from rowhook.tick t where id = ${ten}`
    )[0]!['low']
  const lowBefore = await low()
  const before =
    await sql`select count(*)::int from rowhook.read_window(${behind.id}, ${[behind.source]}, ${ten}, (select max(id) from rowhook.tick), 0, 100, 1000000)`
  await session`select rowhook.prune_ticks()`
  const left = (await sql`select id from rowhook.tick order by id`).map((row) => row['id'] as string)
  expect(left).toContain(ten)
  expect(left.length).toBeLessThan(8)
  // a scan from tick 10 begins where it did: at the newest tick below its snapshot
  expect(await low()).toBe(lowBefore)
  expect(
    await sql`select count(*)::int from rowhook.read_window(${behind.id}, ${[behind.source]}, ${ten}, (select max(id) from rowhook.tick), 0, 100, 1000000)`,
  ).toEqual(before)
  await maintainAt(30)
  expect((await sql`select from rowhook.tick`).length).toBeLessThan(6)
})

test('while a run is under way, no tick from its position on goes', async () => {
  const { sql, session, sink, capture } = await logFixture()
  const run = await claim(sql, sink)
  for (let i = 0; i < 5; i += 1) {
    await capture(0, [i])
    await sql`select rowhook.take_tick()`
  }
  const count = async () => (await sql`select from rowhook.tick`).length
  const before = await count()
  await session`select set_config('rowhook.now', (now() + interval '2 hours')::text, false)`
  await session`select rowhook.prune_ticks()`
  expect(await count()).toBe(before)
  await run.release()
  await session`select rowhook.prune_ticks()`
  expect(await count()).toBeLessThan(before)
})

test('small tables forget what is over', async () => {
  const { sql, sink, maintainAt } = await logFixture()
  await sql`insert into rowhook.idempotency (key, fingerprint) values ('k', 'f')`
  await sql`insert into rowhook.audit (actor, action, resource) values ('root', 'sink.create', 'sink:orders')`
  await sql`insert into rowhook.activity (sink_id, at) values (${sink.id}, now())`
  await sql`insert into rowhook.replay (sink_id, state) values (${sink.id}, 'completed'), (${sink.id}, 'paused')`
  await sql`insert into rowhook.backfill (sink_id, state) values (${sink.id}, 'failed'), (${sink.id}, 'active')`
  await sql`
    select rowhook_worker.add_job('nobody', json_build_object('n', n), max_attempts => 1) from generate_series(1, 3) n`
  await sql`update rowhook_worker._private_jobs set attempts = 1 where id % 2 = 1`
  const counts = async () =>
    (
      await sql`
    select (select count(*)::int from rowhook.idempotency) as idempotency,
      (select count(*)::int from rowhook.audit where action = 'sink.create') as audit,
      (select count(*)::int from rowhook.activity) as activity,
      (select count(*)::int from rowhook.replay) as replays, (select count(*)::int from rowhook.backfill) as backfills,
      (select count(*)::int from rowhook_worker.jobs where attempts > 0) as failed_jobs`
    )[0]
  const all = await counts()
  await maintainAt(0)
  expect(await counts()).toEqual(all)
  await maintainAt(2)
  expect(await counts()).toMatchObject({ ...all, idempotency: 0, activity: expect.any(Number) })
  await maintainAt(100)
  expect(await counts()).toEqual({
    idempotency: 0,
    audit: 1,
    activity: 0,
    replays: 1,
    backfills: 1,
    failed_jobs: 0,
  })
  await maintainAt(400)
  expect(await counts()).toMatchObject({ audit: 0 })
})

test('months of changes and deliveries leave the database as large as its first days', async () => {
  const { sql, session, sink, at, capture } = await logFixture()
  const size = async (db: Sql) =>
    Number(
      (
        await db`
      select sum(pg_total_relation_size(c.oid)) as bytes from pg_class c
      where c.relnamespace = 'rowhook'::regnamespace and c.relkind in ('r', 'm')`
      )[0]!['bytes'],
    )
  const sizes: number[] = []
  for (let day = 1; day <= 90; day += 1) {
    await at(day)
    await capture(day, range(1, 200))
    await sql`
      insert into rowhook.delivery (sink_id, webhook_id, event_ids, attempt, at, ok, duration_ms)
      select ${sink.id}, 'm' || n, '{1}', 1,
        date_trunc('day', now(), 'UTC') + make_interval(days => ${day}, hours => 12), true, 1 from generate_series(1, 200) n`
    for (let i = 0; i < 5; i += 1)
      await sql`
      insert into rowhook.tick (id, low, xid, snapshot, high, at)
      select rowhook.next_tick_id((select max(id) from rowhook.tick)), rowhook.last_event_id(), pg_current_xact_id(), pg_current_snapshot(),
        rowhook.last_event_id(), date_trunc('day', now(), 'UTC') + make_interval(days => ${day})`
    const run = await claim(sql, sink)
    await run.deliverAll()
    await run.release()
    await session`call rowhook.maintain()`
    await session`vacuum rowhook.tick, rowhook.stream, rowhook.setting`
    sizes.push(await size(sql))
  }
  const early = Math.max(...sizes.slice(5, 15))
  expect(Math.max(...sizes.slice(15))).toBeLessThanOrEqual(early * 1.1)
  expect((await keys(sql)).length).toBeLessThanOrEqual(600)
}, 300_000)
