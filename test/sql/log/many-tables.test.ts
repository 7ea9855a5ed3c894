// Windows of a sink with many tables: read whole and in order whatever the share of each table, and at the cost of
// what is returned, not of what every table has waiting.
import fc from 'fast-check'
import type { Sql, TransactionSql } from 'postgres'
import { expect, test } from 'vitest'
import { readWindow } from '../../../src/log/events.ts'
import { createDatabase } from '../../support/database.ts'
import { tick } from './tick.ts'

const sinkId = 1

/** An event of each of these tables, in order; 0 is of a table that nobody reads. */
async function log(sql: Sql, sources: readonly number[]): Promise<void> {
  await sql`
    insert into rowhook.event (source_id, action, captured_at, sinks, pks, record)
    select s.id, 'i', now(), case s.id % 7 when 6 then '{2}'::int[] else '{1}' end, array[s.at::text],
      json_build_object('v', repeat(md5(s.at::text), s.at::int % 5))
    from unnest(${sources as number[]}::int[]) with ordinality s(id, at) order by s.at`
}

/** Runs of events of one table, and events of tables in turn; few of them may be the sink's. */
const logs = fc.array(
  fc.oneof(
    fc
      .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 120 }))
      .map(([id, n]) => Array<number>(n).fill(id)),
    fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 120 }),
    fc.integer({ min: 1, max: 400 }).map((n) => Array<number>(n).fill(0)),
  ),
  { minLength: 1, maxLength: 8 },
)

test('chunks of any size give every wanted event once, in order of ids', async () => {
  const { sql } = await createDatabase()
  await fc.assert(
    fc.asyncProperty(
      logs,
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom(200, 3000, 1e9),
      async (parts, limit, bytes) => {
        await sql`truncate rowhook.event`
        const from = await tick(sql)
        await log(sql, parts.flat())
        const to = await tick(sql)
        const sourceIds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        const read: number[] = []
        for (;;) {
          const after = read.at(-1) ?? 0
          const chunk = await readWindow(sql, { sinkId, sourceIds, from, to, after, limit, bytes })
          read.push(...chunk.map(({ event_id }) => event_id))
          const size = chunk.reduce((sum, e) => sum + e.size, 0)
          if (chunk.length < limit && size < bytes) break
        }
        const wanted = await sql`
          select id::float8 as id from rowhook.event where source_id > 0 and sinks = '{1}' order by rowhook.event.id`
        expect(read).toEqual(wanted.map(({ id }) => id as number))
      },
    ),
    { numRuns: process.env['FULL'] === undefined ? 60 : 600 },
  )
})

test('a chunk looks at little more than it returns', async () => {
  const { sql } = await createDatabase()
  const tables = Array.from({ length: 40 }, (_, i) => i + 1).filter((id) => id % 7 !== 6)
  const from = await tick(sql)
  await log(sql, Array.from({ length: 300 }, () => tables).flat())
  const to = await tick(sql)
  const seen = await sql.begin(async (tx) => {
    const before = await fetched(tx)
    const rows = await readWindow(tx as never, {
      sinkId,
      sourceIds: tables,
      from,
      to,
      after: 0,
      limit: 100,
      bytes: 1e9,
    })
    expect(rows).toHaveLength(100)
    return (await fetched(tx)) - before
  })
  expect(seen).toBeLessThan(500)
})

/** Rows of the log that this transaction has fetched, by whatever plan. */
async function fetched(tx: TransactionSql): Promise<number> {
  const [row] = await tx`
    select sum(coalesce(idx_tup_fetch, 0) + seq_tup_read)::float8 as n
    from pg_stat_xact_all_tables where schemaname = 'rowhook' and relname like 'event%'`
  return row!['n'] as number
}
