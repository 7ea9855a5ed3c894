// A replay's calls into the database. All SQL of its reading is in sql/functions.
import type { Sql } from 'postgres'
import { checkFilter } from '../capture/filter-check.ts'
import type { EventRow } from '../log/events.ts'
import { columnsOfEvent, eventColumns, eventOf, exclusions } from '../log/events.ts'

/** What a run must know of its replay. */
export interface Replay {
  /** The last event id that it looks at. */
  untilId: number
  rowsDone: number
  /** Its filter, which no dispatcher has compiled yet; null: none. */
  toCompile: string | null
  sourceIds: number[]
}

export async function loadReplay(sql: Sql, replayId: string): Promise<Replay> {
  const [row] = await sql`
    select until_id::float8 as until_id, rows_done::float8 as rows_done, source_ids,
      case when filter_parts is null then filter_text end as to_compile
    from rowhook.replay where id = ${replayId}`
  return {
    untilId: row!['until_id'] as number,
    rowsDone: row!['rows_done'] as number,
    toCompile: row!['to_compile'] as string | null,
    sourceIds: row!['source_ids'] as number[],
  }
}

/** Compiles a replay's filter for each of its tables. Throws InputError when it is none. */
export async function compileReplay(sql: Sql, replayId: string, replay: Replay): Promise<void> {
  const sources = await sql<{ id: number; relid: number }[]>`
    select id, relid::oid as relid from rowhook.source where id = any(${replay.sourceIds}) order by id`
  const parts: Record<string, unknown> = {}
  for (const { id, relid } of sources) {
    const filter = await checkFilter(sql, relid, replay.toCompile!, 'filter', { allowNow: true })
    parts[String(id)] = filter.parts
  }
  await sql`update rowhook.replay set filter_parts = ${sql.json(parts as never)} where id = ${replayId}`
  await sql`update rowhook.replay r set rows_total = rowhook.estimate_replay(r) where id = ${replayId}`
}

/** A read of a replay: what to send, in order, and the event id up to which it has looked. */
export interface ReplayRead {
  rows: EventRow[]
  errors: { row: EventRow; error: string }[]
  end: number
  /** Nothing of the window is left behind it. */
  done: boolean
}

type Verdict = 'wanted' | 'unwanted' | 'error' | 'stale'

/** Reads on behind an event id; `stale`: a table waits for an edit of the sink. */
export async function readReplay(
  sql: Sql,
  { id, sinkId }: { id: string; sinkId: number },
  after: number,
  limit: number,
  bytes: number,
): Promise<ReplayRead | 'stale'> {
  const found = await sql`
    select ${sql.unsafe(eventColumns)}, e.verdict, e.error
    from rowhook.read_replay(${id}, ${after}, ${limit}, ${bytes}) e
    ${exclusions(sql, sinkId)}`.raw()
  const read: ReplayRead = { rows: [], errors: [], end: after, done: false }
  let size = 0
  const events = found.map((raw) => ({
    row: eventOf(raw),
    verdict: raw[columnsOfEvent]!.toString() as Verdict,
    error: raw[columnsOfEvent + 1]?.toString(),
  }))
  events.sort((a, b) => a.row.event_id - b.row.event_id) // as readWindow does
  for (const { row, verdict, error } of events) {
    read.end = row.event_id
    size += row.size
    if (verdict === 'stale') return 'stale'
    if (verdict === 'error') read.errors.push({ row, error: error! })
    else if (verdict === 'wanted') read.rows.push(row)
  }
  read.done = found.length < limit && size < bytes
  return read
}

/** Ends a replay that cannot go on. */
export async function failReplay(sql: Sql, replayId: string, error: string): Promise<void> {
  await sql`
    select rowhook.set_replay_state(id, 'failed', ${error})
    from rowhook.replay where id = ${replayId} and state in ('active', 'paused')`
}
