// Maintenance beside writers and readers that hold what it wants to lock.
import { expect, test } from 'vitest'
import { claim } from '../messages/sink.ts'
import { keys, logFixture } from './log.ts'

test('a transaction that writes to the log and stays open delays neither writers nor the freeing of space', async () => {
  const { sql, session, sink, capture, maintainAt } = await logFixture()
  await capture(0, [1])
  await (await claim(sql, sink)).deliverAll()
  const today = async () =>
    (
      await session`
        select pg_relation_filenode(relid)::text as file from rowhook.partitions('event')
        where ends_at = date_trunc('day', now(), 'UTC') + interval '1 day'`
    )[0]?.['file'] as string | undefined
  const before = await today()
  const open = await sql.reserve()
  await open`begin`
  await open`
    insert into rowhook.event (source_id, action, captured_at, sinks, pks)
    values (${sink.source}, 'i', now() + interval '3 days', '{}', '{2}')`
  const waits: number[] = []
  let done = false
  const writer = (async () => {
    for (let id = 10; !done; id += 1) {
      const begun = performance.now()
      await sql`insert into orders values (${id})`
      waits.push(performance.now() - begun)
    }
  })()
  await maintainAt(3)
  done = true
  await writer
  expect(Math.max(...waits)).toBeLessThan(1000)
  // Gone with its file, although the log could not be locked to drop the partition; or still there. The
  // writer writes to the same day, so the size of the file says nothing.
  expect(waits.length).toBeGreaterThan(0)
  expect((await keys(sql)).includes(1)).toBe((await today()) === before)
  await open`commit`
  open.release()
})

test('partitions are emptied while the log is locked by a writer, and dropped when it no longer is', async () => {
  const { sql, session, sink, capture, maintainAt } = await logFixture()
  await capture(0, [1])
  await (await claim(sql, sink)).deliverAll()
  const open = await sql.reserve()
  await open`begin`
  await open`
    insert into rowhook.event (source_id, action, captured_at, sinks, pks)
    values (${sink.source}, 'i', now() + interval '3 days', '{}', '{2}')`
  const parts = async () =>
    (
      await session`select from rowhook.partitions('event') where ends_at <= rowhook.now() - interval '24 hours'`
    ).length
  await maintainAt(3)
  expect(await keys(sql)).toEqual([])
  expect(await parts()).toBeGreaterThan(0)
  await open`rollback`
  open.release()
  await maintainAt(3)
  expect(await parts()).toBe(0)
})

test('a reader that stays in the log makes maintenance come back later, not fail', async () => {
  const { sql, session, sink, capture, at, maintainAt } = await logFixture()
  await capture(0, [1])
  await (await claim(sql, sink)).deliverAll()
  const reader = await sql.reserve()
  await reader`begin`
  await reader`select count(*) from rowhook.event`
  await at(9)
  const wanted = async () =>
    (await session`select from rowhook.wanted_partitions() where parent = 'event'`).length
  await maintainAt(9)
  expect(await wanted()).toBeGreaterThan(0)
  expect(await keys(sql)).toEqual([1])
  await reader`commit`
  reader.release()
  await maintainAt(9)
  expect(await wanted()).toBe(0)
  expect(await keys(sql)).toEqual([])
})

test('maintenances at once disturb none, and the next call does what they left to each other', async () => {
  const { sql, sink, capture } = await logFixture()
  await capture(0, [1])
  await (await claim(sql, sink)).deliverAll()
  const sessions = await Promise.all([sql.reserve(), sql.reserve(), sql.reserve()])
  await Promise.all(
    sessions.map(async (one) => {
      await one`select set_config('rowhook.now', (now() + interval '5 days')::text, false)`
      await one`call rowhook.maintain()`
    }),
  )
  // A step that another call is in is skipped, so of three at once all may have skipped one.
  await sessions[0]!`call rowhook.maintain()`
  expect(await keys(sql)).toEqual([])
  const [left] = await sessions[0]!`select count(*)::int as missing from rowhook.wanted_partitions()`
  expect(left).toEqual({ missing: 0 })
  for (const one of sessions) one.release()
})
