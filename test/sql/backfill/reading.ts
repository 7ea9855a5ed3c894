// A backfill's table read by hand: chunk after chunk, as a run reads it, without sending anything.
import type { Sql } from 'postgres'
import { makeSink } from '../messages/sink.ts'

/** A row of a chunk. */
export interface ReadRow {
  pks: string[]
  grp: string | null
  record: string
  error: string | null
  cursor: string[] | null
}

/** What rowhook.read_chunk says of a chunk. */
export interface ReadChunk {
  rows: ReadRow[]
  cursor: (string | null)[] | null
  done: boolean
  scanned: number
  snapshot: string | null
  wait?: string
}

/** Limits of a read. */
export interface Limits {
  rows?: number
  bytes?: number
  ms?: number
  guarded?: boolean
}

export interface Reading {
  sink: number
  /** Of rowhook.backfill_table. */
  table: number
  chunk(cursor: (string | null)[] | null, limits?: Limits): Promise<ReadChunk>
  /** All chunks to the end. */
  chunks(limits?: Limits): Promise<ReadChunk[]>
  /** All rows to the end. */
  rows(limits?: Limits): Promise<ReadRow[]>
  /** The keys of all rows, joined with ":". */
  keys(limits?: Limits): Promise<string[]>
}

/** Makes a sink over a table, and a backfill with these options. */
export async function startReading(
  sql: Sql,
  table: string,
  options: Record<string, unknown> = {},
  groupColumns: number[] | null = null,
): Promise<Reading> {
  const sink = await makeSink(sql, { name: `sink-of-${table.replace(/\W/g, '-')}`, table, groupColumns })
  await sql`select rowhook.create_backfill(${sink.id}, ${sql.json([{ source_id: sink.source, ...options }] as never)})`
  const [row] = await sql`select id::int from rowhook.backfill_table order by id desc limit 1`
  const id = row!['id'] as number

  const chunk: Reading['chunk'] = async (
    cursor,
    { rows = 1000, bytes = 1e9, ms = 10_000, guarded = false } = {},
  ) => {
    const found = await sql`
      select pks, grp, record::text as record, error, cursor, chunk::text as chunk
      from rowhook.read_chunk(${id}, ${cursor as string[] | null}, ${rows}, ${bytes}, ${ms}, ${guarded})`
    const {
      cursor: next,
      done,
      scanned,
      snapshot,
      wait,
    } = JSON.parse(found.pop()!['chunk'] as string) as ReadChunk
    return {
      rows: found.map(({ chunk: _, ...row }) => row as ReadRow),
      cursor: next,
      done,
      scanned,
      snapshot,
      ...(wait === undefined ? {} : { wait }),
    }
  }
  const chunks: Reading['chunks'] = async (limits) => {
    const all: ReadChunk[] = []
    for (let cursor: ReadChunk['cursor'] = null; ;) {
      const one = await chunk(cursor, limits)
      all.push(one)
      if (one.done) return all
      if (all.length > 10_000) throw new Error('this never ends')
      cursor = one.cursor
    }
  }
  const rows: Reading['rows'] = async (limits) => (await chunks(limits)).flatMap((c) => c.rows)
  return {
    sink: sink.id,
    table: id,
    chunk,
    chunks,
    rows,
    keys: async (limits) => (await rows(limits)).map(({ pks }) => pks.join(':')),
  }
}
