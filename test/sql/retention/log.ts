// A log with a past: events of other days, and maintenance at a time that the test names.
import type { ReservedSql, Sql } from 'postgres'
import { atEnd } from '../../support/at-end.ts'
import { createDatabase } from '../../support/database.ts'
import { type SinkFixture, makeSink } from '../messages/sink.ts'

/** A database with a captured table, and a session whose clock the test sets. */
export interface LogFixture {
  sql: Sql
  /** The session of `at`. */
  session: ReservedSql
  sink: SinkFixture
  /** Sets the session's clock: 12:00 UTC, so many days from today. */
  at(days: number): Promise<void>
  /** Calls rowhook.maintain at 12:00 UTC, so many days from today. */
  maintainAt(days: number): Promise<void>
  /** Writes events that were captured at 12:00 UTC, so many days from today; returns their ids. */
  capture(
    days: number,
    keys: readonly number[],
    options?: { sink?: SinkFixture; wanted?: boolean },
  ): Promise<number[]>
}

/** Makes it. The sink `orders` is at the beginning of its log. */
export async function logFixture(): Promise<LogFixture> {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key, note text)`
  const sink = await makeSink(sql)
  const session = await sql.reserve()
  atEnd(() => session.release())
  const at = async (days: number) => {
    await session`
      select set_config('rowhook.now', ((date_trunc('day', now() at time zone 'UTC') + make_interval(days => ${days}, hours => 12))
        at time zone 'UTC')::text, false)`
  }
  return {
    sql,
    session,
    sink,
    at,
    async maintainAt(days) {
      await at(days)
      await session`call rowhook.maintain()`
    },
    async capture(days, keys, { sink: by = sink, wanted = true } = {}) {
      const rows = await sql`
        insert into rowhook.event (source_id, action, captured_at, sinks, pks, record)
        select ${by.source}, 'i',
          (date_trunc('day', now() at time zone 'UTC') + make_interval(days => ${days}, hours => 12)) at time zone 'UTC',
          case when ${wanted} then array[${by.id}::int] else '{}' end, array[k::text], json_build_object('id', k)
        from unnest(${[...keys]}::int[]) k
        returning id::float8 as id`
      return rows.map((row) => row['id'] as number)
    },
  }
}

/** `1 2 3` */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** Keys of the events that the log holds, in order. */
export async function keys(sql: Sql): Promise<number[]> {
  return (await sql`select pks[1]::int as key from rowhook.event order by id`).map(
    (row) => row['key'] as number,
  )
}
