import type { Sql } from 'postgres'

/** What an event did to its row; `r` is a row read by a backfill. */
export type Action = 'i' | 'u' | 'd' | 't' | 'r'

/**
 * One event as the log's functions return it. `record` and `changes` are the raw JSON text, never
 * parsed on the way to a receiver; ids are numbers, because they stay far below 2^53.
 */
export interface EventRow {
  event_id: number
  source_id: number
  action: Action
  /** The group at capture; null: the key. */
  grp: string | null
  /** The group before an update that changed it; null: not changed, or by key. */
  old_grp: string | null
  pks: string[]
  old_pks: string[] | null
  /** ISO 8601, UTC, six digits. */
  captured_at: string
  xid: string
  record: string | null
  changes: string | null
  annotations: string | null
  /** Members of the documents that are excluded; null: none. */
  hidden: string[] | null
  /** The verdict of this sink's filter has still to be made. */
  undecided: boolean
  /** Stored size in bytes, compressed as it may be. */
  size: number
}

/**
 * How an event is read: columns of `e`, a row of the log's functions, and of `x`, what the sink excludes
 * of its table (rowhook.exclusions), to be left joined by source_id in the very same statement.
 */
// `::text` keeps JSON as it is whatever parsers the client has, and the time is formatted where the
// microseconds are: a JavaScript Date has none.
export const eventColumns = `e.event_id::float8 as event_id, e.source_id, e.action::text as action, e.grp, e.old_grp,
  e.pks, e.old_pks, to_char(e.captured_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as captured_at,
  e.xid::text as xid, e.record::text as record, e.changes::text as changes, e.annotations, e.undecided, e.size,
  case when x.source_id is null then null
    when e.event_id > x.until and not e.undecided then x.names
    else (select rowhook.hidden_names(x.columns, x.excluded, (l.extra).shape, l.id, l.record) from rowhook.event l
          where l.source_id = e.source_id and l.id = e.event_id) end as hidden`

/** The part of a window that a read asks for: (from, to], behind `after`. */
export interface WindowPart {
  sinkId: number
  sourceIds: number[]
  from: number
  to: number
  after: number
  limit: number
  bytes: number
}

/** The next events that a sink wants of a window, in id order (rowhook.read_window). */
export async function readWindow(sql: Sql, part: WindowPart): Promise<EventRow[]> {
  const rows = await sql<EventRow[]>`
    select ${sql.unsafe(eventColumns)}
    from rowhook.read_window(${part.sinkId}, ${part.sourceIds}, ${part.from}, ${part.to},
      ${part.after}, ${part.limit}, ${part.bytes}) e
    ${exclusions(sql, part.sinkId)}`
  // they come in this order, save where the join has changed it: in the database the sort would carry all of each row
  return rows.sort((a, b) => a.event_id - b.event_id)
}

/** Stored events by id, in no particular order; one that is gone gives no row. */
export async function fetchEvents(sql: Sql, sinkId: number, ids: number[]): Promise<EventRow[]> {
  return sql<EventRow[]>`
    select ${sql.unsafe(eventColumns)}
    from rowhook.fetch_events(${sinkId}, ${ids}) e
    ${exclusions(sql, sinkId)}`
}

/**
 * The join that `eventColumns` needs. Most sinks exclude nothing, and then the function, a millisecond of the
 * database's time, is not called.
 */
export const exclusions = (sql: Sql, sinkId: number) => sql`
  left join (
    select x.* from rowhook.exclusions(${sinkId}) x
    where exists (select from rowhook.sink_table t where t.sink_id = ${sinkId} and t.exclude_columns <> '{}')
       or exists (select from rowhook.former_table f where f.sink_id = ${sinkId} and f.exclude_columns <> '{}')) x
  on x.source_id = e.source_id`

/** The newest tick that there is, taken by whichever dispatcher; 0: none. */
export async function newestTick(sql: Sql): Promise<number> {
  const [row] = await sql`select coalesce(max(id), 0)::float8 as tick from rowhook.tick`
  return row!['tick'] as number
}

/** What the log's newest tick means for delivery. */
export interface Pulse {
  tick: number
  /** Ids of sinks with something to read since the tick known before. */
  due: number[]
  /** Streams of those that no dispatcher runs. */
  orphans: string[]
  /** How many ids of events were handed out since that tick. */
  news: number
}

/** Takes a tick if there is news (rowhook.pulse). */
export async function pulse(sql: Sql, known: number | null): Promise<Pulse> {
  const [row] = await sql`
    select tick_id::float8 as tick, due, orphans::text[] as orphans, news::float8 as news from rowhook.pulse(${known})`
  return row as unknown as Pulse
}
