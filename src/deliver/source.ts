// Where a run's messages come from: the live log window by window. A replay and a backfill bring
// sources of their own (src/replay, src/backfill).
import type { Sql } from 'postgres'
import type { EventRow } from '../log/events.ts'
import { readWindow } from '../log/events.ts'
import type { TailReader } from '../log/tail.ts'
import type { BackfillStep, Position } from './book.ts'

/** One read; `position` holds when everything up to it is settled. */
export interface SourceChunk {
  rows: EventRow[]
  position: Position
  /** The window of the log whose next rows these are, in id order; absent where they are not. */
  window?: { from: number; to: number }
  backfill: BackfillStep | null
  /** Rows whose filter raised: they are discarded with the error. */
  errors?: { row: EventRow; error: string }[]
  /** Of a replay: messages that it has brought so far, this chunk's included. */
  replayed?: number
}

export interface Source {
  /** The next chunk, or null when there is nothing until something is announced. */
  next(limit: number, bytes: number): Promise<SourceChunk | null>
  /** A newer tick exists. */
  announce(tick: number): void
  /** Whether another read may bring something at once. */
  readonly hasMore: boolean
  /** It is at work on something that it will bring, and wakes the run then. */
  readonly busy?: boolean
  /** These rows of its last chunk go out, and so come before whatever it brings next. */
  accepted?(rows: readonly EventRow[]): void
  /** A request ended, one of so many that were under way. */
  sent?(durationMs: number, underWay: number): void
  /** The run is over: nothing will be read any more. */
  close?(): void
}

/** The live log, with the place that it is read up to. */
export interface LiveSource extends Source {
  readonly position: Position
}

/** How the live log is read. */
export interface LiveOptions {
  /** Reads what is new together with other sinks. */
  tail?: TailReader | undefined
  /**
   * The tick up to which a run before this one has read, that left requests to it: the first window ends there. If the
   * server has lost that tick, the read fails, and events that have got their ids since are not taken for theirs.
   */
  read?: number | undefined
}

/** Reads a sink's live log from `position` on. */
export function createLiveSource(
  sql: Sql,
  sinkId: number,
  sourceIds: () => number[],
  position: Position,
  { tail, read = 0 }: LiveOptions = {},
): LiveSource {
  let { from, to, last } = position
  let newest = Math.max(to, read)
  // only a window that the database put together can end in a seam: no tick that is announced is one
  let mayEndInSeam = to > from

  return {
    announce(tick) {
      if (tick > newest) newest = tick
    },
    get hasMore() {
      return to > from || newest > to
    },
    get position() {
      return { from, to, last }
    },
    async next(limit, bytes) {
      if (to <= from) {
        if (newest <= to) return null
        to = read > from ? read : newest
        last = 0
        const window = { from, to }
        const rows = (await tail?.read({ sinkId, sourceIds: sourceIds(), ...window })) ?? null
        if (rows !== null) {
          from = to
          return { rows, position: { from, to, last }, window, backfill: null }
        }
      }
      const rows = await readWindow(sql, {
        sinkId,
        sourceIds: sourceIds(),
        from,
        to,
        after: last,
        limit,
        bytes,
      })
      const window = { from, to }
      const size = rows.reduce((sum, r) => sum + r.size, 0)
      if (rows.length < limit && size < bytes) {
        // the window is read: its end is the beginning of the next one
        const seam = mayEndInSeam ? await findSeam(sql, to) : null
        from = seam?.at ?? to
        to = seam?.next ?? from
        last = 0
        mayEndInSeam = to > from
      } else {
        last = rows[rows.length - 1]!.event_id
      }
      return { rows, position: { from, to, last }, window, backfill: null }
    },
  }
}

interface Seam {
  /** The tick with which this cluster's log begins. */
  at: number
  /** The end of that log, when it was dumped and restored in turn. */
  next: number | null
}

// After a dump and restore, the old log's last tick says where the new one's begins (rowhook.rebase).
async function findSeam(sql: Sql, tick: number): Promise<Seam | null> {
  const [row] = await sql<Seam[]>`
    select t.continues_at::float8 as at,
      (select min(n.id) from rowhook.tick n where n.continues_at is not null and n.id > t.continues_at)::float8 as next
    from rowhook.tick t where t.id = ${tick} and t.continues_at is not null`
  return row ?? null
}
