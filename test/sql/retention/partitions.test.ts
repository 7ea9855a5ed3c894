import { expect, test } from 'vitest'
import { claim } from '../messages/sink.ts'
import { keys, logFixture, range } from './log.ts'

test('an install makes the partitions of today and the week after, in UTC', async () => {
  const { sql } = await logFixture()
  const days = await sql`
    select p.parent, count(*)::int as days, min(q.starts_at) = date_trunc('day', now(), 'UTC') as from_today,
      bool_and(q.ends_at = q.starts_at + interval '1 day') as whole
    from (values ('event'), ('delivery')) p(parent) cross join lateral rowhook.partitions(p.parent) q
    group by p.parent order by p.parent`
  expect(days).toEqual([
    { parent: 'delivery', days: 8, from_today: true, whole: true },
    { parent: 'event', days: 8, from_today: true, whole: true },
  ])
  await sql`insert into orders values (1)`
  const [event] = await sql`
    select tableoid::regclass::text = 'rowhook.event_' || to_char(now() at time zone 'UTC', 'YYYYMMDD') as today
    from rowhook.event`
  expect(event).toEqual({ today: true })
})

test('maintenance makes the next day, and finds nothing to do the second time', async () => {
  const { session, maintainAt } = await logFixture()
  const names = async () =>
    (await session`select name from rowhook.partitions('event') order by 1`).map(
      (row) => row['name'] as string,
    )
  await maintainAt(1)
  const first = await names()
  expect(first).toHaveLength(9)
  await maintainAt(1)
  expect(await names()).toEqual(first)
})

test('without any partition for the day, writes succeed', async () => {
  const { sql } = await logFixture()
  await sql.unsafe(
    (
      await sql`select string_agg(format('drop table %s', relid), ';') as text from rowhook.partitions('event')`
    )[0]!['text'] as string,
  )
  await sql`insert into orders values (1)`
  expect(await sql`select tableoid::regclass::text as part from rowhook.event`).toEqual([
    { part: 'rowhook.event_default' },
  ])
})

test('a few rows that the default partition took in move to the partition of their day', async () => {
  const { sql, capture, maintainAt } = await logFixture()
  await capture(10, [1, 2])
  await maintainAt(3)
  const parts =
    await sql`select tableoid::regclass::text like '%default' as default, count(*)::int from rowhook.event group by 1`
  expect(parts).toEqual([{ default: false, count: 2 }])
  expect(await keys(sql)).toEqual([1, 2])
})

test('many rows of a day stay in the default partition, and the other days get theirs', async () => {
  const { sql, session, capture, maintainAt } = await logFixture()
  await capture(9, range(1, 2500))
  await maintainAt(3)
  const names = (await session`select name from rowhook.partitions('event')`).length
  expect(names).toBe(8) // from the second to the tenth day from now, without the ninth
  const [rows] = await sql`select count(*)::int from rowhook.event_default`
  expect(rows).toEqual({ count: 2500 })
})

test('a large default partition is not read under a lock: a constraint is checked before', async () => {
  const { sql, session, at, capture } = await logFixture()
  await sql`alter table rowhook.event_default alter column record set storage plain`
  await sql`
    insert into rowhook.event (source_id, action, captured_at, sinks, pks, record)
    select 1, 'i', now() - interval '1 day', '{}', '{1}', to_json(repeat('x', 7000)) from generate_series(1, 2500)`
  await capture(20, [1])
  await at(9)
  const wanted = async () =>
    (await session`select from rowhook.wanted_partitions() where parent = 'event'`).length
  const before = await wanted()
  const [made] =
    await session`select rowhook.create_partition('event', (rowhook.now() at time zone 'UTC')::date + 5) as made`
  expect(made).toEqual({ made: false })
  await session`call rowhook.maintain()`
  // that of today, and of tomorrow, cannot be promised to be free of rows
  expect(before - (await wanted())).toBe(before - 2)
  const guards =
    await sql`select conname from pg_constraint where conrelid = 'rowhook.event_default'::regclass and contype = 'c' and conname like 'none_of%'`
  expect(guards).toEqual([])
})

test('delivered events go once they are a day old, with their partition', async () => {
  const { sql, session, sink, capture, maintainAt } = await logFixture()
  await capture(0, [1, 2])
  await capture(1, [3])
  await (await claim(sql, sink)).deliverAll()
  await maintainAt(1)
  expect(await keys(sql)).toEqual([1, 2, 3]) // yesterday ended twelve hours ago
  await maintainAt(2)
  expect(await keys(sql)).toEqual([3])
  const [oldest] =
    await session`select min(starts_at) = date_trunc('day', rowhook.now(), 'UTC') - interval '1 day' as yesterday from rowhook.partitions('event')`
  expect(oldest).toEqual({ yesterday: true })
})

test('the minimum retention is what the dispatchers say, and is remembered for people', async () => {
  const { sql, session, sink, at, capture, maintainAt } = await logFixture()
  await capture(0, [1])
  await (await claim(sql, sink)).deliverAll()
  await at(5)
  await session`call rowhook.maintain(interval '10 days', interval '20 days')`
  await maintainAt(8)
  expect(await keys(sql)).toEqual([1])
  await maintainAt(12)
  expect(await keys(sql)).toEqual([])
  expect(await sql`select value from rowhook.setting where name = 'retention'`).toEqual([
    { value: { events: '10 days', deliveries: '20 days' } },
  ])
})

test('the log of requests goes after three days', async () => {
  const { sql, session, maintainAt } = await logFixture()
  await sql`
    insert into rowhook.delivery (sink_id, webhook_id, event_ids, attempt, at, ok, duration_ms)
    select 1, 'm' || n, '{1}', 1, now() + n * interval '1 day', true, 1 from generate_series(-5, 3) n`
  await maintainAt(5)
  const left = await session`select webhook_id from rowhook.delivery order by at`
  expect(left.map((row) => row['webhook_id'])).toEqual(['m2', 'm3'])
})

test('maintenance cannot be called inside of a transaction, and says so', async () => {
  const { sql } = await logFixture()
  await expect(sql.begin(async (tx) => tx`call rowhook.maintain()`)).rejects.toMatchObject({ code: '2D000' })
})

test('indexes to search by are built once nobody writes to a partition any more', async () => {
  const { sql, session, capture, maintainAt } = await logFixture()
  await session`select rowhook.retain('orders', '30 days')`
  await capture(0, range(1, 3000))
  const indexes = () => sql`
    select count(*)::int as count from pg_index x join rowhook.partitions('event') p on p.relid = x.indrelid
    where p.starts_at = date_trunc('day', now(), 'UTC')`
  await maintainAt(0)
  expect(await indexes()).toEqual([{ count: 1 }])
  await maintainAt(1)
  expect(await indexes()).toEqual([{ count: 4 }])
  const [plan] =
    await sql`explain (format json) select from rowhook.event where source_id = 1 and pks = '{17}'`
  expect(JSON.stringify(plan)).toMatch(/event_\d{8}_key/)
})

test('a key that no index can hold leaves its partition without', async () => {
  const { sql, session, capture, maintainAt } = await logFixture()
  await session`select rowhook.retain('orders', '30 days')`
  await capture(0, [1])
  await sql`update rowhook.event set pks = array[(select string_agg(md5(i::text), '') from generate_series(1, 300) i)]`
  await maintainAt(1)
  const [comment] = await sql`
    select obj_description(relid, 'pg_class')::jsonb ->> 'no_search_index' as why from rowhook.partitions('event')
    where starts_at = date_trunc('day', now(), 'UTC')`
  expect(comment).toEqual({ why: expect.stringContaining('index row') })
  await maintainAt(2)
  expect(await sql`select from rowhook.event`).toHaveLength(1)
})
