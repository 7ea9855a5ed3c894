// The log after a dump and restore into another cluster, whose transaction ids are others: nothing is lost,
// nothing is read twice.
import type { Sql } from 'postgres'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { createLiveSource } from '../../../../src/deliver/source.ts'
import { createDatabase } from '../../../support/database.ts'
import { ownServer } from '../../../support/server.ts'
import { type SinkFixture, claim, failedBatch, makeSink } from '../../messages/sink.ts'
import { type Restore, byHand, hasPgDump, withPgDump } from './dump.ts'

const tables =
  'create table orders (id int primary key, note text); create table audit_trail (id int primary key)'
const major = Number(process.env.ROWHOOK_TEST_PG || 18)
const ways: [string, Restore][] = [['by hand', byHand]]
if (hasPgDump(major)) ways.push(['with pg_dump', withPgDump])

/** A server whose transaction ids are far ahead of those of a new one. */
let farAhead: string
beforeAll(async () => {
  const server = await ownServer({ version: String(major) as never })
  farAhead = server.url
  const { sql } = await createDatabase({ serverUrl: server.url })
  await sql`create procedure burn() language plpgsql as 'begin for i in 1 .. 30000 loop perform pg_current_xact_id(); commit; end loop; end'`
  await sql`call burn()`
})

const serverOf = (which: 'young' | 'old') => (which === 'young' ? inject('adminUrl') : farAhead)

async function original(which: 'young' | 'old') {
  const database = await createDatabase({ serverUrl: serverOf(which) })
  await database.sql.unsafe(tables)
  const { install } = await import('../../../../src/db/install.ts')
  const { readRelease } = await import('../../../../src/db/release.ts')
  await install(database.url, readRelease())
  return database
}

/** The ids that a run would read from its saved position on, and where that leads. */
async function readAll(sql: Sql, sink: SinkFixture, limit = 2): Promise<number[]> {
  const [at] = await sql`
    select tick_from::float8 as "from", tick_to::float8 as "to", last_id::float8 as last
    from rowhook.stream where id = ${sink.stream}`
  const source = createLiveSource(sql, sink.id, () => [sink.source], at as never)
  const [tick] = await sql`select tick_id::float8 as id from rowhook.take_tick()`
  source.announce(tick!['id'] as number)
  const ids: number[] = []
  while (source.hasMore) {
    const chunk = await source.next(limit, 1e9)
    ids.push(...(chunk?.rows ?? []).map((row) => row.event_id))
  }
  return ids
}

const insert = async (sql: Sql, ...ids: number[]) =>
  sql`insert into orders select i, 'n' from unnest(${ids}::int[]) i`
const held = async (sql: Sql, sink: SinkFixture) =>
  (await sql`select event_id::int as id from rowhook.held where stream_id = ${sink.stream} order by seq`).map(
    (row) => row['id'] as number,
  )
const pending = async (sql: Sql, sink: SinkFixture) =>
  Number((await sql`select pending from rowhook.sink_stats(${[sink.id]})`)[0]!['pending'])
const states = async (sql: Sql, sink: SinkFixture) =>
  (
    await sql`select event_id || ' ' || state as line from rowhook.list_messages(${sink.id}) order by event_id`
  ).map((row) => row['line'])

describe.each(ways)('restored %s', (_way, restore) => {
  describe.each([
    ['from a cluster with higher transaction ids', 'old', 'young'],
    ['from a cluster with lower transaction ids', 'young', 'old'],
  ] as const)('%s', (_direction, from, to) => {
    test('every sink goes on where it stood, in the middle of a window as well', async () => {
      const before = await original(from)
      const done = await makeSink(before.sql, { name: 'done' })
      const behind = await makeSink(before.sql, { name: 'behind' })
      const middle = await makeSink(before.sql, { name: 'middle' })
      const slow = await before.sql.reserve()
      await slow`begin`
      await slow`insert into orders values (1, 'late')` // event 1, not committed at the tick that follows
      await insert(before.sql, 2, 3, 4, 5)
      const run = await claim(before.sql, middle)
      await run.settle(await run.read(2)) // 2 and 3
      await slow`commit`
      slow.release()
      await insert(before.sql, 6)
      expect(await (await claim(before.sql, done)).deliverAll()).toEqual([1, 2, 3, 4, 5, 6])

      const after = await createDatabase({ serverUrl: serverOf(to), template: false })
      await restore(before.url, after.url, tables)
      const { sql } = after
      await insert(sql, 7) // event 7, captured before anybody noticed
      const undone = sql.begin(async (tx) => {
        await tx`insert into orders values (8, 'n')`
        throw new Error('rolled back on purpose')
      })
      await expect(undone).rejects.toThrow('on purpose')
      expect(await sql`select rowhook.was_restored() as was`).toEqual([{ was: true }])
      await sql`select rowhook.take_tick()` // neither of these reads the other cluster's log as its own
      await sql`select rowhook.beat(gen_random_uuid(), false)`
      expect(await sql`select rowhook.was_restored() as was`).toEqual([{ was: false }])

      expect([await pending(sql, done), await pending(sql, behind), await pending(sql, middle)]).toEqual([
        1, 7, 5,
      ])
      expect(await states(sql, middle)).toEqual([
        '1 pending',
        '2 delivered',
        '3 delivered',
        '4 pending',
        '5 pending',
        '6 pending',
        '7 pending',
      ])
      await insert(sql, 9)
      expect(await readAll(sql, done)).toEqual([7, 9])
      expect(await readAll(sql, behind)).toEqual([1, 2, 3, 4, 5, 6, 7, 9])
      expect(await held(sql, middle)).toEqual([1])
      expect(await readAll(sql, middle)).toEqual([4, 5, 6, 7, 9])
    })

    test('once a sink is across the seam, old events count as delivered', async () => {
      const before = await original(from)
      const sink = await makeSink(before.sql)
      await insert(before.sql, 1, 2)
      await before.sql`select rowhook.take_tick()`
      const after = await createDatabase({ serverUrl: serverOf(to), template: false })
      await restore(before.url, after.url, tables)
      const { sql } = after
      await sql`select rowhook.rebase()`
      await insert(sql, 3)
      expect(await readAll(sql, sink)).toEqual([1, 2, 3])
      await sql`update rowhook.stream set tick_from = (select max(id) from rowhook.tick), tick_to = (select max(id) from rowhook.tick), last_id = 0`
      await insert(sql, 4)
      expect(await states(sql, sink)).toEqual(['1 delivered', '2 delivered', '3 delivered', '4 pending'])
      expect(await pending(sql, sink)).toBe(1)
      expect(await sql`select event_id::int as id from rowhook.list_messages(${sink.id}, 'pending')`).toEqual(
        [{ id: 4 }],
      )
    })

    test('restored twice before anybody read, it is still read once and whole', async () => {
      const first = await original(from)
      const sink = await makeSink(first.sql)
      await insert(first.sql, 1, 2)
      const second = await createDatabase({ serverUrl: serverOf(to), template: false })
      await restore(first.url, second.url, tables)
      await insert(second.sql, 3)
      await second.sql`select rowhook.rebase()`
      await insert(second.sql, 4)
      await second.sql`select rowhook.take_tick()`
      const third = await createDatabase({ serverUrl: serverOf(from), template: false })
      await restore(second.url, third.url, tables)
      await insert(third.sql, 5)
      expect(await third.sql`select rowhook.rebase() as due`).toEqual([{ due: true }])
      await insert(third.sql, 6)
      expect(await pending(third.sql, sink)).toBe(6)
      expect(await readAll(third.sql, sink)).toEqual([1, 2, 3, 4, 5, 6])
    })
  })

  test('batches, held and discarded messages are as they were', async () => {
    const before = await original('old')
    const sink = await makeSink(before.sql)
    await insert(before.sql, 1, 2, 3)
    const run = await claim(before.sql, sink)
    await run.settle(await run.read(), {
      freeze: [failedBatch(sink, [{ id: 1, key: 1 }])],
      hold: [{ event_id: 2, groups: [`${sink.source}:1`], failures: 0 }],
      discard: [{ event_id: 3, groups: [`${sink.source}:3`], attempts: 1, webhook_id: null, error: 'no' }],
    })
    const after = await createDatabase({ serverUrl: serverOf('young'), template: false })
    await restore(before.url, after.url, tables)
    await after.sql`select rowhook.rebase()`
    expect(await states(after.sql, sink)).toEqual(['1 failing', '2 pending', '3 discarded'])
    expect(await readAll(after.sql, sink)).toEqual([])
  })

  test('a run that was under way has lost its lease, and its dispatcher begins anew', async () => {
    const before = await original('old')
    const sink = await makeSink(before.sql)
    await insert(before.sql, 1)
    const run = await claim(before.sql, sink)
    const after = await createDatabase({ serverUrl: serverOf('young'), template: false })
    await restore(before.url, after.url, tables)
    const [beat] = await after.sql`select alive from rowhook.beat(${run.dispatcher}, false)`
    expect(beat).toEqual({ alive: false })
    const [lease] = await before.sql`select token + 1 as token from rowhook.stream`
    expect(await after.sql`select owner, token from rowhook.stream`).toEqual([{ owner: null, ...lease }])
    expect(
      await after.sql`select action, after ->> 'last_restored_event' as last from rowhook.audit`,
    ).toEqual([{ action: 'log.rebase', last: '1' }])
  })

  test('tables and columns are found again under their new numbers', async () => {
    const before = await original('old')
    await before.sql`create table shifted (a int, id int primary key, secret text, team int)`
    await before.sql`alter table shifted drop column a`
    const sink = await makeSink(before.sql, { name: 'shifted', table: 'shifted', groupColumns: [4] })
    await before.sql`update rowhook.sink_table set exclude_columns = '{3}'`
    await before.sql`select rowhook.refresh('shifted')`
    await before.sql`insert into shifted values (1, 'x', 7)`
    const after = await createDatabase({ serverUrl: serverOf('young'), template: false })
    await restore(
      before.url,
      after.url,
      `${tables}; create table shifted (id int primary key, secret text, team int)`,
    )
    await after.sql`select rowhook.rebase()`
    const [entry] =
      await after.sql`select group_columns, exclude_columns, stale_reason from rowhook.sink_table`
    expect(entry).toEqual({ group_columns: [3], exclude_columns: [2], stale_reason: null })
    await after.sql`select rowhook.refresh_changed()`
    await after.sql`insert into shifted values (2, 'y', 8)`
    await after.sql`update shifted set secret = 'z' where id = 2`
    const rows = await after.sql`select grp, record::text as record from rowhook.list_messages(${sink.id})`
    expect(rows).toEqual([
      { grp: '8', record: '{"id":2,"team":8}' },
      { grp: '7', record: '{"id":1,"team":7}' },
    ])
  })
})

test('an installation that was never restored is left alone', async () => {
  const { sql } = await createDatabase()
  expect(await sql`select rowhook.rebase() as due`).toEqual([{ due: false }])
  expect(await sql`select from rowhook.tick where continues_at is not null`).toHaveLength(0)
})
