import type { Sql } from 'postgres'

/** What an event did to its row; `r` is a row read by a backfill. */
export type Action = 'i' | 'u' | 'd' | 't' | 'r'

/**
 * One event as the log's functions return it. `record` and `changes` are the raw JSON text, as bytes that are
 * never parsed, decoded or encoded on the way to a receiver; ids are numbers: they stay far below 2^53.
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
  /** The same as JSON, where the database has printed it. */
  pks_json?: string
  old_pks: string[] | null
  /** ISO 8601, UTC, six digits. */
  captured_at: string
  xid: string
  record: Buffer | null
  changes: Buffer | null
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
 * of its table (rowhook.exclusions), to be left joined by source_id in the very same statement. Ask for the
 * answer with `raw()`, and give each row to `eventOf`.
 */
// What every event has comes as one text: each column costs the client as much as a small one's content.
// The time is formatted where the microseconds are: a JavaScript Date has none.
const headOf = (
  undecided: string,
): string => `concat_ws(' ', e.event_id, e.source_id, e.action, e.size, ${undecided}, e.xid,
    to_char(e.captured_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), array_to_json(e.pks))`
export const eventColumns = `${headOf('e.undecided::int')},
  e.record, e.changes, array_to_json(e.old_pks), e.grp, e.old_grp, e.annotations,
  array_to_json(case when x.source_id is null then null
    when e.event_id > x.until and not e.undecided then x.names
    else (select rowhook.hidden_names(x.columns, x.excluded, (l.extra).shape, l.id, l.record) from rowhook.event l
          where l.source_id = e.source_id and l.id = e.event_id) end)`

/** The first column behind `eventColumns`. */
export const columnsOfEvent = 8

/** A row of a query's answer as it came, column by column. */
export type RawRow = readonly (Buffer | null)[]

const textOf = (bytes: Buffer | null): string | null => (bytes === null ? null : bytes.toString())
const listOf = (bytes: Buffer | null): string[] | null =>
  bytes === null ? null : (JSON.parse(bytes.toString()) as string[])

const zero = 0x30
const one = 0x31
const quote = 0x22

// Numbers and a letter of each event, read where they are: as texts to be split they took as long as all the rest of
// it. The head that is being read, and how far:
let head: Buffer = Buffer.alloc(0)
let at = 0
function nextNumber(): number {
  let n = 0
  for (let digit = head[at++]! - zero; digit >= 0 && digit <= 9; digit = head[at++]! - zero)
    n = n * 10 + digit
  return n
}
const actionsByCode: Action[] = []
for (const action of ['i', 'u', 'd', 't', 'r'] as const) actionsByCode[action.charCodeAt(0)] = action

// A key of one plain value, as most are, needs no parser: ["…"], without another quote, or a backslash.
const keyOf = (json: string): string[] =>
  json.charCodeAt(1) === quote && json.indexOf('"', 2) === json.length - 2 && !json.includes('\\')
    ? [json.slice(2, -2)]
    : (JSON.parse(json) as string[])

/** An event of a row that begins with `eventColumns`. */
export function eventOf(raw: RawRow): EventRow {
  const [, record, changes, oldPks, grp, oldGrp, annotations, hidden] = raw as (Buffer | null)[]
  head = raw[0]!
  at = 0
  const eventId = nextNumber()
  const sourceId = nextNumber()
  const action = actionsByCode[head[at]!]!
  at += 2
  const size = nextNumber()
  const undecided = head[at] === one
  at += 2
  const rest = head.toString('utf8', at)
  const time = rest.indexOf(' ') + 1
  // the key comes last, because there may be blanks in it
  const key = rest.indexOf(' ', time) + 1
  const pksJson = rest.slice(key)
  return {
    event_id: eventId,
    source_id: sourceId,
    action,
    grp: textOf(grp!),
    old_grp: textOf(oldGrp!),
    pks: keyOf(pksJson),
    pks_json: pksJson,
    old_pks: listOf(oldPks!),
    captured_at: rest.slice(time, key - 1),
    xid: rest.slice(0, time - 1),
    record: record!,
    changes: changes!,
    annotations: textOf(annotations!),
    hidden: listOf(hidden!),
    undecided,
    size,
  }
}

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
  const found = await sql`
    select ${sql.unsafe(eventColumns)}
    from rowhook.read_window(${part.sinkId}, ${part.sourceIds}, ${part.from}, ${part.to},
      ${part.after}, ${part.limit}, ${part.bytes}) e
    ${exclusions(sql, part.sinkId)}`.raw()
  return inOrder(found.map(eventOf))
}

// They come in this order, save where a join has changed it: in the database the sort would carry all of each row.
function inOrder(rows: EventRow[]): EventRow[] {
  const isOrdered = rows.every((row, i) => i === 0 || rows[i - 1]!.event_id <= row.event_id)
  return isOrdered ? rows : rows.sort((a, b) => a.event_id - b.event_id)
}

/** Whole windows (from, to] of several sinks. */
export interface Tail {
  windows: readonly { sinkId: number; from: number }[]
  to: number
  /** The tables of all of them. */
  sourceIds: number[]
  limit: number
  bytes: number
}

/**
 * What each sink wants of its window, in id order, in one read (rowhook.read_tail). Sinks that are not in the answer
 * have to read for themselves. The rows of an event share what they have in common.
 */
export async function readTail(sql: Sql, tail: Tail): Promise<Map<number, EventRow[]>> {
  const { windows, to, sourceIds, limit, bytes } = tail
  const [served, ...events] = (await sql`
    select ${sql.unsafe(headOf('0'))}, e.record, e.changes, array_to_json(e.old_pks), null, null, e.annotations, null,
      array_to_json(e.sinks), array_to_json(e.groups), array_to_json(e.old_groups), array_to_json(e.undecided)
    from rowhook.read_tail(${windows.map((w) => w.sinkId)}, ${windows.map((w) => w.from)}, ${to},
      ${sourceIds}, ${limit}, ${bytes}) e`.raw()) as unknown as RawRow[]
  const read = new Map<number, EventRow[]>()
  for (const sinkId of listAt<number>(served!, 0)) read.set(sinkId, [])
  for (const raw of events) {
    const row = eventOf(raw)
    const groups = listAt<string | null>(raw, 1)
    const oldGroups = listAt<string | null>(raw, 2)
    const undecided = listAt<boolean>(raw, 3)
    for (const [i, sinkId] of listAt<number>(raw, 0).entries())
      read.get(sinkId)!.push({ ...row, grp: groups[i]!, old_grp: oldGroups[i]!, undecided: undecided[i]! })
  }
  for (const rows of read.values()) inOrder(rows)
  return read
}

const listAt = <T>(row: RawRow, column: number): T[] =>
  JSON.parse(row[columnsOfEvent + column]!.toString()) as T[]

/** Stored events by id, in no particular order; one that is gone gives no row. */
export async function fetchEvents(sql: Sql, sinkId: number, ids: number[]): Promise<EventRow[]> {
  const found = await sql`
    select ${sql.unsafe(eventColumns)}
    from rowhook.fetch_events(${sinkId}, ${ids}) e
    ${exclusions(sql, sinkId)}`.raw()
  return found.map(eventOf)
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
  /** How many ids of events were handed out since that tick; null: the server has lost it. */
  news: number | null
}

/** Takes a tick if there is news (rowhook.pulse). */
export async function pulse(sql: Sql, known: number | null): Promise<Pulse> {
  const [row] = await sql`
    select tick_id::float8 as tick, due, orphans::text[] as orphans, news::float8 as news from rowhook.pulse(${known})`
  return row as unknown as Pulse
}
