// Whoever reads the log while maintenance puts a trimmed partition in its place must see what is left of it.
import type { ReservedSql, Sql } from 'postgres'
import { expect, test } from 'vitest'
import { pulse, readTail, readWindow } from '../../../src/log/events.ts'
import { eventually } from '../../support/eventually.ts'
import { makeSink } from '../messages/sink.ts'
import { logFixture, range } from './log.ts'

async function prepare() {
  const fixture = await logFixture()
  const { sql, sink, session, capture, at } = fixture
  const other = await makeSink(sql, { name: 'other' })
  const [stream] = await sql`select tick_from::float8 as tick from rowhook.stream where id = ${sink.stream}`
  await capture(0, range(1, 2000), { wanted: false })
  const [unread] = await capture(0, [2001])
  await sql`update rowhook.tick set at = at - interval '5 days'`
  const { tick } = await pulse(sql, null)
  await at(5)
  /** Trims the day's partition, and commits once somebody waits for its lock. */
  async function trimBeside<T>(work: (by: ReservedSql) => Promise<T>): Promise<T> {
    const [part] =
      await session`select relid, ends_at from rowhook.old_partitions('1 day') where pg_relation_size(relid) > 0`
    const by = await sql.reserve()
    await session`begin`
    const [shed] =
      await session`select rowhook.shed_partition(${part!['relid']}, ${part!['ends_at']}) as outcome`
    expect(shed).toEqual({ outcome: 'trimmed' })
    const [clock] = await session`select current_setting('rowhook.now') as at`
    await by`select set_config('rowhook.now', ${clock!['at']}, false)`
    let isAnswered = false
    const answer = work(by).finally(() => (isAnswered = true))
    await eventually(async () => {
      if (!isAnswered)
        expect(
          await sql`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        ).toHaveLength(1)
    })
    await session`commit`
    const got = await answer
    by.release()
    return got
  }
  return { ...fixture, other, from: stream!['tick'] as number, to: tick, unread: unread!, trimBeside }
}

const ids = (rows: readonly { event_id: number }[] | undefined) => rows?.map((r) => r.event_id)

test('a stream that nobody runs is not moved past what is left', async () => {
  const { sql, sink, from, trimBeside } = await prepare()
  const [found] = await trimBeside(async (by) => await by`select rowhook.find_orphans()::int[] as orphans`)
  const [stream] = await sql`select tick_from::float8 from rowhook.stream where id = ${sink.stream}`
  expect({ ...found, ...stream }).toEqual({ orphans: [Number(sink.stream)], tick_from: from })
})

test('a window read by itself', async () => {
  const { sink, from, to, unread, trimBeside } = await prepare()
  const rows = await trimBeside((by) =>
    readWindow(by as unknown as Sql, {
      sinkId: sink.id,
      sourceIds: [sink.source],
      from,
      to,
      after: 0,
      limit: 100,
      bytes: 1e6,
    }),
  )
  expect(ids(rows)).toEqual([unread])
})

test('windows read together', async () => {
  const { sink, other, from, to, unread, trimBeside } = await prepare()
  const read = await trimBeside((by) =>
    readTail(by as unknown as Sql, {
      windows: [sink, other].map(({ id }) => ({ sinkId: id, from })),
      to,
      sourceIds: [sink.source],
      limit: 500,
      bytes: 1e6,
    }),
  )
  // either: whoever is not answered reads for itself
  expect([[unread], undefined]).toContainEqual(ids(read.get(sink.id)))
})
