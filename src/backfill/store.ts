// A backfill's calls into the database. All SQL is in sql/functions.
import type { Sql } from 'postgres'
import { checkFilter } from '../capture/filter-check.ts'
import { InputError } from '../errors.ts'
import type { ChunkRow } from './chunk.ts'

/**
 * Rows that are taken from the connection in one go. All at once, a chunk would be parsed in one turn of
 * the event loop, and live changes would wait for that.
 */
const rowsAtOnce = 500

/** What is to be read next (rowhook.next_backfill_table). */
export interface BackfillTable {
  id: number
  backfillId: string
  sourceId: number
  relid: number
  cursor: (string | null)[] | null
  rowsDone: number
  size: number
}

/** Limits of one read. */
export interface ReadLimits {
  rows: number
  bytes: number
  ms: number
}

/** What a read brought; `wait`: nothing, because the table waits for an edit of the sink. */
export interface ReadResult {
  rows: ChunkRow[]
  /** An id of the log for each row. */
  ids: number[]
  cursor: (string | null)[] | null
  done: boolean
  /** Rows looked at, wanted or not. */
  scanned: number
  /** ISO 8601, UTC, six digits. */
  readAt: string
  /** Text of the pg_snapshot; null: no row. */
  snapshot: string | null
  /** Members of the records that the sink excludes; null: none. */
  hidden: string[] | null
  wait: string | null
}

/** The next table of the sink's active backfills; null: none. Fails the backfill whose filter is none. */
export async function nextTable(
  sql: Sql,
  sinkId: number,
  done: readonly number[],
): Promise<BackfillTable | null> {
  for (;;) {
    const [row] = await sql`
      select id::float8 as id, backfill_id::text as backfill_id, source_id, relid, cursor,
        rows_done::float8 as rows_done, chunk_size, to_compile
      from rowhook.next_backfill_table(${sinkId}, ${done as number[]}::bigint[])`
    if (row === undefined) return null
    const table: BackfillTable = {
      id: row['id'] as number,
      backfillId: row['backfill_id'] as string,
      sourceId: row['source_id'] as number,
      relid: row['relid'] as number,
      cursor: row['cursor'] as (string | null)[] | null,
      rowsDone: row['rows_done'] as number,
      size: row['chunk_size'] as number,
    }
    if (row['to_compile'] === null) return table
    try {
      const compiled = await checkFilter(sql, table.relid, row['to_compile'] as string, 'filter', {
        allowNow: true,
      })
      await sql`
        update rowhook.backfill_table set where_parts = ${sql.json(compiled.parts as never)} where id = ${table.id}`
      await sql`
        update rowhook.backfill_table set rows_total = rowhook.estimate_rows(id) where id = ${table.id}`
      return table
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      await failBackfill(sql, table.backfillId, error.message)
    }
  }
}

/** Reads on in a table. Throws what the database raises when the table cannot be read. */
export async function readRows(sql: Sql, table: BackfillTable, limits: ReadLimits): Promise<ReadResult> {
  try {
    return await readChunk(sql, table, limits, false)
  } catch (error) {
    // perhaps a filter that raised: row by row, it only costs the row that it raised on
    if (!isPermanent(error)) throw error
    return await readChunk(sql, table, limits, true)
  }
}

async function readChunk(
  sql: Sql,
  table: BackfillTable,
  limits: ReadLimits,
  guarded: boolean,
): Promise<ReadResult> {
  const found: Record<string, unknown>[] = []
  const query = sql`
    select pks, grp, record::text as record, error, cursor, chunk::text as chunk
    from rowhook.read_chunk(${table.id}, ${table.cursor as string[] | null}, ${limits.rows}, ${limits.bytes},
      ${limits.ms}, ${guarded})`
  for await (const rows of query.cursor(rowsAtOnce)) found.push(...rows)
  const chunk = JSON.parse(found.pop()!['chunk'] as string) as {
    cursor: (string | null)[] | null
    done: boolean
    scanned: number
    at: string
    snapshot: string | null
    hidden: string[] | null
    wait?: string
  }
  if (chunk.wait !== undefined) {
    const nothing = { rows: [], ids: [], done: false, scanned: 0, readAt: '', snapshot: null, hidden: null }
    return { ...nothing, cursor: table.cursor, wait: chunk.wait }
  }
  const { cursor, done, scanned, at, snapshot, hidden } = chunk
  const ids = await reserveIds(sql, found.length)
  return {
    rows: found as unknown as ChunkRow[],
    ids,
    cursor,
    done,
    scanned,
    readAt: at,
    snapshot,
    hidden,
    wait: null,
  }
}

// Text, because a driver parses an array of ten thousand elements letter by letter.
async function reserveIds(sql: Sql, count: number): Promise<number[]> {
  if (count === 0) return []
  const [row] = await sql`
    select string_agg(nextval('rowhook.event_id_seq')::text, ',') as ids from generate_series(1, ${count})`
  return (row!['ids'] as string).split(',').map(Number)
}

/** A tick by which everything is read that the snapshot shows; null: not yet. */
export async function coverSnapshot(sql: Sql, snapshot: string): Promise<number | null> {
  const [row] = await sql`select rowhook.cover_snapshot(${snapshot}::pg_snapshot)::float8 as tick`
  return row!['tick'] as number | null
}

/** Whether a backfill is still to be read. */
export async function isActive(sql: Sql, backfillId: string): Promise<boolean> {
  const [row] = await sql`
    select exists (select from rowhook.backfill where id = ${backfillId} and state = 'active') as active`
  return row!['active'] as boolean
}

/** Ends a backfill that cannot go on; it may be resumed when the cause is mended. */
export async function failBackfill(sql: Sql, backfillId: string, error: string): Promise<void> {
  await sql`
    select rowhook.set_backfill_state(id, 'failed', ${error})
    from rowhook.backfill where id = ${backfillId} and state in ('active', 'paused')`
}

/**
 * Errors that trying again does not mend: a filter that is none, and the database's: 22 data, 42 names, rights and
 * syntax, 0A not supported, P0 raised.
 */
export function isPermanent(error: unknown): boolean {
  if (error instanceof InputError) return true
  return error instanceof Error && 'code' in error && /^(22|42|0A|P0)/.test(String(error.code))
}
