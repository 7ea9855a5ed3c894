// Sinks as they are shown: the row, its tables under their present names, and its numbers. A fixed
// number of queries, however many sinks.
import { sql } from 'kysely'
import type { FilterInput } from '../capture/filter-check.ts'
import type { Db } from '../db/kysely.ts'
import { respell } from '../filter/index.ts'
import type { SinkShown, SinkStats } from './schema/sink.ts'
import type { SinkRow } from './store/sinks.ts'
import { sourceName } from './store/sources.ts'

type ShownTable = SinkShown['tables'][number]

/** Adds tables and numbers to rows of sinks. */
export async function showSinks(db: Db, rows: readonly SinkRow[]): Promise<SinkShown[]> {
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const [tables, stats] = await Promise.all([tablesOf(db, ids), statsOf(db, ids)])
  return rows.map((row) => ({
    id: row.uid,
    ...showSettings(row, tables.get(row.id) ?? []),
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

/**
 * Tables by sink. Names are those of now, because sinks follow renames; what was dropped keeps the name
 * under which it was saved.
 */
export async function tablesOf(db: Db, sinkIds: readonly number[]): Promise<Map<number, ShownTable[]>> {
  const columns = (list: string) => sql`
    case when ${sql.ref(list)} = '{}' then '[]' else
    (select json_agg(coalesce(a.attname::text, t.column_names ->> g.att::text) order by g.i)
     from unnest(${sql.ref(list)}) with ordinality as g (att, i)
     left join pg_catalog.pg_attribute a
       on a.attrelid = s.relid and a.attnum = g.att and not a.attisdropped) end`
  const { rows } = await sql<
    ShownTable & { sink_id: number; stale_reason: string | null; renamed: Record<string, string> | null }
  >`
    select t.sink_id, t.actions, t.filter, t.unchanged,
      case when t.filter_columns <> '{}' then (
        select json_object_agg(t.column_names ->> a.attnum::text, a.attname)
        from pg_catalog.pg_attribute a
        where a.attrelid = s.relid and a.attnum = any (t.filter_columns) and not a.attisdropped
          and a.attname <> t.column_names ->> a.attnum::text) end as renamed,
      -- as rowhook.table_name does, without the calls: a list of a thousand sinks comes through here
      quote_ident(coalesce(n.nspname, s.schema_name)) || '.' || quote_ident(coalesce(c.relname, s.table_name)) as name,
      coalesce(t.stale_reason, case when c.oid is null then
        'the table was dropped; create it again and save the sink, or take it out of the sink' end) as stale_reason,
      case when t.group_columns is not null then ${columns('t.group_columns')} end as group_by,
      ${columns('t.exclude_columns')} as exclude_columns
    from rowhook.sink_table t
    join rowhook.source s on s.id = t.source_id
    left join pg_catalog.pg_class c on c.oid = s.relid
    left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where t.sink_id = any (${[...sinkIds]}::int[])
    order by t.sink_id, t.ordinal`.execute(db)
  const tables = new Map<number, ShownTable[]>()
  for (const { sink_id, stale_reason, renamed, ...row } of rows) {
    const { name, actions, group_by, exclude_columns, unchanged } = row
    const filter = renamed === null ? row.filter : await renamedFilter(row.filter, renamed)
    const table = { name, actions, filter, group_by, exclude_columns, unchanged }
    const list = tables.get(sink_id) ?? []
    list.push(stale_reason === null ? table : { ...table, stale_reason })
    tables.set(sink_id, list)
  }
  return tables
}

async function renamedFilter(
  filter: ShownTable['filter'],
  names: Record<string, string>,
): Promise<ShownTable['filter']> {
  return (await respell(filter as FilterInput, new Map(Object.entries(names)))) as ShownTable['filter']
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
        throughput: { messages_per_second: Number(row.messages_per_second ?? 0) },
      },
    ]),
  )
}
