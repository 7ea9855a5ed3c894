// A chunk of a backfill in memory: rows as one snapshot of the table shows them. It goes out behind
// everything that the snapshot shows, while the live log is read on past it meanwhile; so a row that has
// changed since and whose newer version went out already is dropped, because it would come after it.
// Pure: no I/O.
import type { BackfillStep } from '../deliver/book.ts'
import type { EventRow } from '../log/events.ts'
import type { Snapshot } from './snapshot.ts'

/** A row of a chunk. */
export interface ChunkRow {
  row: EventRow
  /** Where to read on behind it. */
  cursor: (string | null)[]
  /** Its filter raised. */
  error: string | null
}

/** How a chunk was read. */
export interface ChunkOptions {
  /** Of rowhook.backfill_table. */
  tableId: number
  backfillId: string
  sourceId: number
  rows: ChunkRow[]
  snapshot: Snapshot
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

export interface Chunk extends Omit<ChunkOptions, 'rows' | 'snapshot' | 'cursor' | 'rowsBefore'> {
  /** The next rows, at most `count` and about `bytes`, with the progress that holds once they are settled. */
  take(
    count: number,
    bytes: number,
  ): { rows: EventRow[]; errors: { row: EventRow; error: string }[]; step: BackfillStep }
  /** Drops rows that these events, which went out, have made old. */
  overtake(events: readonly EventRow[]): void
  /** Nothing is left to take. */
  readonly isEmpty: boolean
}

const keyOf = (pks: readonly string[]): string => pks.join('\0')

/** Makes a chunk of rows in the order of the backfill. */
export function createChunk(options: ChunkOptions): Chunk {
  const { tableId, backfillId, sourceId, rows, snapshot, rowsBefore, done, size, tick } = options
  const dropped = new Set<number>()
  let byKey: Map<string, number> | undefined
  let next = 0
  let ended = false

  // Only made when a row of the table changes at all while the chunk is under way.
  const index = (): Map<string, number> => (byKey ??= new Map(rows.map(({ row }, i) => [keyOf(row.pks), i])))

  function drop(pks: readonly string[] | null): void {
    // without a key nobody can tell which row it is
    if (pks === null || pks.length === 0) return
    const at = index().get(keyOf(pks))
    if (at !== undefined) dropped.add(at)
  }

  return {
    tableId,
    backfillId,
    sourceId,
    done,
    size,
    tick,
    get isEmpty() {
      return ended
    },
    overtake(events) {
      for (const event of events) {
        if (event.source_id !== sourceId || event.action === 'r' || snapshot.sees(event.xid)) continue
        if (event.action === 't') for (let i = next; i < rows.length; i++) dropped.add(i)
        else {
          drop(event.pks)
          drop(event.old_pks)
        }
      }
    },
    take(count, bytes) {
      const taken: EventRow[] = []
      const errors: { row: EventRow; error: string }[] = []
      let read = 0
      for (; next < rows.length && taken.length < count && read < bytes; next++) {
        if (dropped.has(next)) continue
        const { row, error } = rows[next]!
        if (error === null) taken.push(row)
        else errors.push({ row, error })
        read += row.size
      }
      while (next < rows.length && dropped.has(next)) next++
      ended = next >= rows.length
      return {
        rows: taken,
        errors,
        step: {
          id: tableId,
          cursor: ended ? options.cursor : rows[next - 1]!.cursor,
          rows: rowsBefore + next,
          done: ended && done,
          size,
        },
      }
    },
  }
}
