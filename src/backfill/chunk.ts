// A chunk of a backfill in memory: rows as one snapshot of the table shows them. It goes out behind
// everything that the snapshot shows, while the live log is read on past it meanwhile; so a row that has
// changed since and whose newer version went out already is dropped, because it would come after it.
// Pure: no I/O.
import type { BackfillStep } from '../deliver/book.ts'
import type { EventRow } from '../log/events.ts'
import { parseSnapshot } from './snapshot.ts'

/** A row of a chunk, as rowhook.read_chunk returns it. */
export interface ChunkRow {
  pks: string[]
  grp: string | null
  record: string
  /** Its filter raised. */
  error: string | null
  /** Where to read on behind it; null: its key says so. */
  cursor: (string | null)[] | null
}

/** How a chunk was read. */
export interface ChunkOptions {
  /** Of rowhook.backfill_table. */
  tableId: number
  backfillId: string
  sourceId: number
  rows: ChunkRow[]
  /** An id of the log for each row: one that fails is stored there. */
  ids: number[]
  /** ISO 8601, UTC, six digits. */
  readAt: string
  /** Text of the pg_snapshot that the rows show. */
  snapshot: string
  /** Members of the records that the sink excludes; null: none. */
  hidden: string[] | null
  /** Rows done before this chunk. */
  rowsBefore: number
  /** Where to read on behind the whole chunk. */
  cursor: (string | null)[] | null
  /** Nothing of the table is left behind this chunk. */
  done: boolean
  /** Rows to read at once from here on. */
  size: number
  /** A tick by which everything is read that the snapshot shows; the chunk must not go out before. */
  tick: number
}

export interface Chunk {
  readonly tableId: number
  readonly backfillId: string
  readonly tick: number
  /** The next rows, at most `count` and about `bytes`, with the progress that holds once they are settled. */
  take(count: number, bytes: number): Slice
  /** Drops rows that these events, which went out, have made old. */
  overtake(events: readonly EventRow[]): void
  /** Nothing is left to take. */
  readonly isEmpty: boolean
}

/** Rows of a chunk that go out together; `errors` are those whose filter raised. */
export interface Slice {
  rows: EventRow[]
  errors: { row: EventRow; error: string }[]
  step: BackfillStep
}

const keyOf = (pks: readonly string[]): string => pks.join('\0')

/** Makes a chunk of rows in the order of the backfill. */
export function createChunk(options: ChunkOptions): Chunk {
  const { tableId, backfillId, sourceId, rows, rowsBefore, done, size, tick } = options
  const snapshot = parseSnapshot(options.snapshot)
  const xid = options.snapshot.split(':')[1]!
  const overtaken = new Set<string>()
  let next = 0
  let truncated = false
  let ended = false

  // Made when a row goes out, not when the chunk arrives: ten thousand at once would keep live changes waiting.
  const eventOf = ({ pks, grp, record }: ChunkRow, id: number): EventRow => ({
    event_id: id,
    source_id: sourceId,
    action: 'r',
    grp,
    old_grp: null,
    pks,
    old_pks: null,
    captured_at: options.readAt,
    xid,
    record: Buffer.from(record),
    changes: null,
    // of a row that was read: its backfill
    annotations: backfillId,
    hidden: options.hidden,
    undecided: false,
    size: record.length,
  })

  // Without a key nobody can tell which row it is that changed.
  const isOld = ({ pks }: ChunkRow): boolean =>
    truncated || (overtaken.size > 0 && pks.length > 0 && overtaken.has(keyOf(pks)))

  return {
    tableId,
    backfillId,
    tick,
    get isEmpty() {
      return ended
    },
    overtake(events) {
      for (const event of events) {
        if (event.source_id !== sourceId || event.action === 'r' || snapshot.sees(event.xid)) continue
        if (event.action === 't') truncated = true
        overtaken.add(keyOf(event.pks))
        if (event.old_pks !== null) overtaken.add(keyOf(event.old_pks))
      }
    },
    take(count, bytes) {
      const slice: Pick<Slice, 'rows' | 'errors'> = { rows: [], errors: [] }
      let read = 0
      for (; next < rows.length && slice.rows.length < count && read < bytes; next++) {
        const row = rows[next]!
        if (isOld(row)) continue
        const event = eventOf(row, options.ids[next]!)
        if (row.error === null) slice.rows.push(event)
        else slice.errors.push({ row: event, error: row.error })
        read += event.size
      }
      while (next < rows.length && isOld(rows[next]!)) next++
      ended = next >= rows.length
      const last = rows[next - 1]
      const cursor = ended ? options.cursor : (last!.cursor ?? last!.pks)
      return { ...slice, step: { id: tableId, cursor, rows: rowsBefore + next, done: ended && done, size } }
    },
  }
}
