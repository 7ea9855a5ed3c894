// A sink's requests over time, out of rowhook.delivery.
import { sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'

/** One bucket of time in which something was sent. */
export interface ActivityRow {
  /** Where the bucket begins. */
  at: Date
  /** Messages that were acknowledged. */
  messages: number
  requests: number
  /** Requests that failed. */
  failed: number
  p50_ms: number
  p95_ms: number
  p99_ms: number
}

/** How many requests are looked at; of a busier sink only the newest part of the window is told. */
export const activityLimit = 50_000

/** Buckets of `stepS` seconds from `since` on; those without a request are left out. */
export async function activityOf(db: Db, sinkId: number, since: Date, stepS: number): Promise<ActivityRow[]> {
  const { rows } = await sql<ActivityRow>`
    select date_bin(make_interval(secs => ${stepS}), d.at, ${since}::timestamptz) as at,
      coalesce(sum(cardinality(d.event_ids)) filter (where d.ok), 0)::int as messages,
      count(*)::int as requests,
      count(*) filter (where not d.ok)::int as failed,
      (percentile_disc(0.5) within group (order by d.duration_ms))::double precision as p50_ms,
      (percentile_disc(0.95) within group (order by d.duration_ms))::double precision as p95_ms,
      (percentile_disc(0.99) within group (order by d.duration_ms))::double precision as p99_ms
    from (
      select r.at, r.ok, r.event_ids, r.duration_ms
      from rowhook.delivery r
      where r.sink_id = ${sinkId} and r.at >= ${since}
      order by r.id desc
      limit ${activityLimit}) d
    group by 1
    order by 1`.execute(db)
  return rows
}
