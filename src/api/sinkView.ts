// Sinks as they are shown: the row, its tables under their present names, and its numbers. A fixed
// number of queries, however many sinks.
import { sql } from 'kysely'
import type { Db } from '../db/kysely.ts'
import type { SinkShown, SinkStats } from './schema/sink.ts'
import { type ShownTable, tablesOf } from './sinkTables.ts'
import { firstBackfills } from './store/firstBackfills.ts'
import type { SinkRow } from './store/sinks.ts'
import { sourceName } from './store/sources.ts'

/** Adds tables and numbers to rows of sinks. */
export async function showSinks(db: Db, rows: readonly SinkRow[]): Promise<SinkShown[]> {
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const [tables, backfills, stats] = await Promise.all([
    tablesOf(db, ids),
    firstBackfills(db, ids),
    statsOf(db, ids),
  ])
  return rows.map((row) => ({
    id: row.uid,
    ...showSettings(row, tables.get(row.id) ?? []),
    backfill: backfills.get(row.id) ?? null,
    status_reason: row.status_reason,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    ...stats.get(row.id)!,
  }))
}

/** One sink as it is shown. */
export async function showSink(db: Db, row: SinkRow): Promise<SinkShown> {
  const [shown] = await showSinks(db, [row])
  return shown!
}

/** What a person has set: the body that would make this sink. */
export function showSettings(row: SinkRow, tables: ShownTable[]) {
  return {
    name: row.name,
    endpoint: row.endpoint,
    path: row.path,
    tables,
    message_type: row.message_type,
    batch: row.batch,
    batch_size: row.batch_size,
    batch_timeout_ms: row.batch_timeout_ms,
    request_timeout_ms: row.request_timeout_ms,
    max_retry_count: row.max_retry_count,
    concurrency: row.concurrency,
    rate_limit: row.rate_limit,
    compression: row.compression,
    max_message_bytes: row.max_message_bytes,
    alert_endpoint: row.alert_endpoint,
    status: row.status,
  }
}

/** What a sink has set up in the database: its triggers, by table. */
export async function captureOf(db: Db, sinkId: number): Promise<NonNullable<SinkShown['capture']>> {
  const { rows } = await sql<{ table: string; triggers: string[]; partitions: number }>`
    select ${sourceName} as "table", array_agg(distinct w.name order by w.name) as triggers,
      (count(distinct w.relid) - 1)::int as partitions
    from rowhook.sink_table t
    join rowhook.source s on s.id = t.source_id
    cross join lateral rowhook.wanted_triggers(s.id) w
    where t.sink_id = ${sinkId}
    group by s.id, t.ordinal
    order by t.ordinal`.execute(db)
  return rows
}

async function statsOf(db: Db, sinkIds: readonly number[]): Promise<Map<number, SinkStats>> {
  interface Row extends Record<'pending' | 'delivered' | 'failing' | 'discarded' | 'blocked_groups', string> {
    sink_id: number
    health: SinkStats['health']
    lag_ms: string | null
    last_error: string | null
    messages_per_second: number | null
  }
  const { rows } = await sql<Row>`
    select sink_id, health, pending, delivered, failing, discarded, lag_ms, blocked_groups, last_error,
      messages_per_second
    from rowhook.sink_stats(${[...sinkIds]}::int[])`.execute(db)
  return new Map(
    rows.map((row) => [
      row.sink_id,
      {
        health: row.health,
        pending: Number(row.pending),
        delivered: Number(row.delivered),
        failing: Number(row.failing),
        discarded: Number(row.discarded),
        lag_ms: row.lag_ms === null ? null : Math.round(Number(row.lag_ms)),
        blocked_groups: Number(row.blocked_groups),
        last_error: row.last_error,
        throughput: { messages_per_second: Math.round(Number(row.messages_per_second ?? 0) * 100) / 100 },
      },
    ]),
  )
}
