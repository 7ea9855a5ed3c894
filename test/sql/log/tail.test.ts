// What many sinks want of the log's end, read for all of them at once, is what each would read alone.
import fc from 'fast-check'
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import type { EventRow } from '../../../src/log/events.ts'
import { readTail, readWindow } from '../../../src/log/events.ts'
import { createTailReader } from '../../../src/log/tail.ts'
import { createDatabase } from '../../support/database.ts'
import { tick } from './tick.ts'

const sinkIds = [1, 2, 3, 4, 5]
const excluding = 5
const sourceIds = [1, 2]

interface Event {
  source: number
  action: string
  sinks: number[]
  undecided: number[] | null
  isGrouped: boolean
  /** Which of its sinks have discarded it. */
  discarded: number[]
}

const byNumber = (a: number, b: number): number => a - b
const some = fc
  .uniqueArray(fc.constantFrom(...sinkIds), { maxLength: 5 })
  .map((ids) => ids.toSorted(byNumber))
const event: fc.Arbitrary<Event> = fc.record({
  source: fc.constantFrom(1, 1, 2, 3),
  action: fc.constantFrom('i', 'u', 'd', 't', 'r'),
  sinks: some,
  undecided: fc.option(some),
  isGrouped: fc.boolean(),
  discarded: fc.oneof({ weight: 9, arbitrary: fc.constant<number[]>([]) }, { weight: 1, arbitrary: some }),
})

/** Writes the events, each in the transaction of that number: their ends may come in any order. */
async function log(pool: Sql, transactions: readonly (readonly Event[])[]): Promise<void> {
  await Promise.all(
    transactions.map((events) =>
      pool.begin(async (tx) => {
        for (const e of events) {
          const groups = e.isGrouped ? e.sinks.map((id) => `group ${id % 3}`) : null
          const oldGroups = e.isGrouped ? e.sinks.map((id) => (id % 2 === 0 ? `was ${id}` : null)) : null
          const undecided = e.undecided?.filter((id) => !e.sinks.includes(id)) ?? null
          await tx`
            with written as (
              insert into rowhook.event (source_id, action, sinks, groups, pks, record, changes, extra)
              select ${e.source}, ${e.action}, ${e.sinks}::int[], ${groups}::text[], '{"a b",2}',
                '{"v": 1}', case ${e.action} when 'u' then '{"v":0}'::json end,
                jsonb_populate_record(null::rowhook.event_extra, jsonb_build_object('old_groups', ${oldGroups}::text[],
                  'undecided', ${undecided}::int[], 'annotations', case ${e.action} when 'd' then '{"by":"x"}' end))
              returning id)
            insert into rowhook.discarded (sink_id, event_id, groups, attempts, error, event)
            select s, id, '{}', 1, 'x', '{}' from written, unnest(${e.discarded}::int[]) s`
        }
      }),
    ),
  )
}

async function prepare(sql: Sql): Promise<void> {
  await sql`
    insert into rowhook.sink_table (sink_id, source_id, ordinal, exclude_columns)
    select s, 1, 1, case s when ${excluding} then '{1}'::int2[] else '{}' end from unnest(${sinkIds}::int[]) s`
}

/** An insert into this table that the first two sinks want. */
const insertOf = (source: number): Event => ({
  source,
  action: 'i',
  sinks: [1, 2],
  undecided: null,
  isGrouped: false,
  discarded: [],
})

/** A pool whose sessions check no foreign keys. */
const unchecked = (url: string): Sql =>
  connect(url, { max: 4, connection: { session_replication_role: 'replica' } } as never)

test('each sink gets what it would read alone, whatever it has read so far', async () => {
  const db = await createDatabase()
  const pool = unchecked(db.url)
  await prepare(pool)
  let read = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.array(event, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.array(fc.nat(), { minLength: sinkIds.length, maxLength: sinkIds.length }),
      async (steps, starts) => {
        await pool`truncate rowhook.event, rowhook.discarded`
        const ticks = [await tick(pool)]
        for (const transactions of steps) {
          await log(pool, transactions)
          ticks.push(await tick(pool))
        }
        const to = ticks.at(-1)!
        const windows = sinkIds.map((sinkId, i) => ({
          sinkId,
          from: ticks[starts[i]! % (ticks.length - 1)]!,
        }))
        const together = await readTail(pool, { windows, to, sourceIds, limit: 500, bytes: 1e6 })
        expect([...together.keys()].toSorted(byNumber)).toEqual(sinkIds.filter((id) => id !== excluding))
        for (const [sinkId, rows] of together) {
          const { from } = windows.find((w) => w.sinkId === sinkId)!
          const alone = await readWindow(pool, {
            sinkId,
            sourceIds,
            from,
            to,
            after: 0,
            limit: 500,
            bytes: 1e6,
          })
          expect(rows.filter((r) => sourceIds.includes(r.source_id))).toEqual(alone)
          read += alone.length
        }
      },
    ),
    { numRuns: process.env['FULL'] === undefined ? 60 : 600 },
  )
  expect(read).toBeGreaterThan(100)
  await pool.end()
}, 120_000)

test('a long or heavy window, or one whose beginning is gone, is nobody’s to share', async () => {
  const db = await createDatabase()
  const pool = unchecked(db.url)
  await prepare(pool)
  const from = await tick(pool)
  await log(pool, [Array<Event>(30).fill(insertOf(1))])
  const to = await tick(pool)
  const windows = [1, 2].map((sinkId) => ({ sinkId, from }))
  const ask = (limit: number, bytes: number, of = windows): Promise<Map<number, EventRow[]>> =>
    readTail(pool, { windows: of, to, sourceIds, limit, bytes })
  expect((await ask(31, 1e6)).get(2)).toHaveLength(30)
  expect(await ask(30, 1e6)).toEqual(new Map())
  expect(await ask(1, 1e6)).toEqual(new Map())
  expect(await ask(500, 30)).toEqual(new Map())
  const gone = await ask(500, 1e6, [windows[0]!, { sinkId: 2, from: -1 }])
  expect([...gone.keys()]).toEqual([1])
  await pool.end()
})

test('who asks in one turn is answered by one read, of one’s own tables; who asks alone reads alone', async () => {
  const db = await createDatabase()
  const pool = unchecked(db.url)
  await prepare(pool)
  const from = await tick(pool)
  await log(pool, [[insertOf(1), insertOf(2), insertOf(1)]])
  const to = await tick(pool)
  let statements = 0
  const counted = new Proxy(pool, {
    apply(target, self, args: never) {
      const made: unknown = Reflect.apply(target as never, self, args)
      if (made !== null && typeof made === 'object' && 'raw' in made) statements++
      return made
    },
  })
  const tail = createTailReader(counted)
  const [all, some, none] = await Promise.all([
    tail.read({ sinkId: 1, sourceIds: [1, 2], from, to }),
    tail.read({ sinkId: 2, sourceIds: [2], from, to }),
    tail.read({ sinkId: excluding, sourceIds: [1], from, to }),
  ])
  expect(statements).toBe(1)
  expect(all!.map((r) => r.source_id)).toEqual([1, 2, 1])
  // table 1 has something for it, too, that it did not ask for
  expect(some).toBeNull()
  expect(none).toBeNull()
  expect(await tail.read({ sinkId: 1, sourceIds: [1], from, to })).toBeNull()
  expect(statements).toBe(1)
  await pool.end()
  await expect(
    Promise.all([1, 2].map((sinkId) => tail.read({ sinkId, sourceIds, from, to }))),
  ).rejects.toThrow(/CONNECTION_ENDED/)
})
