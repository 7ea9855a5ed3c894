// The live log of a sink with an active backfill: the table's rows go out in chunks between the changes.
//
// A chunk is a snapshot of the table. It may go out once everything is read that its snapshot shows, and
// its rows then stand exactly between the changes before and after it. The log is not kept waiting for
// that: it is read on while a chunk is read, and rows of the chunk that were overtaken are dropped
// (chunk.ts). Rows only fill request slots that nothing else wants, so that live changes never queue
// behind a backfill. Two chunks at most are in memory: one goes out while the next one is read.
import type { Sql } from 'postgres'
import type { LiveSource, Source, SourceChunk } from '../deliver/source.ts'
import type { EventRow } from '../log/events.ts'
import { createChunk } from './chunk.ts'
import type { Chunk } from './chunk.ts'
import { createPace } from './pace.ts'
import { coverSnapshot, failBackfill, isActive, isPermanent, nextTable, readRows } from './store.ts'
import type { BackfillTable } from './store.ts'

const limits = {
  /** A chunk's size is adapted so that reading it takes about so long; then the next one is begun so late. */
  alone: { readMs: 100, restMs: 0, minRows: 50 },
  /**
   * The same while live changes come: the database and this process must have time for those at once. Of a database
   * that is far away or busy, no read is as short as that; so many rows are worth one all the same.
   */
  besideLive: { readMs: 4, restMs: 20, minRows: 100 },
  /** Live changes come: the last one came so lately. */
  liveMs: 5000,
  /** A read is cut off there. */
  maxMs: 250,
  bytes: 8 * 1024 * 1024,
  /** The first ones are read before it is known how long that takes, and whether live changes come. */
  rows: { first: 100, min: 50, max: 50_000 },
  /** Between looks at the backfill's state. */
  stateMs: 1000,
  /** Between attempts while a table waits for an edit of the sink. */
  waitMs: 2000,
}

export interface BackfillSourceOptions {
  sql: Sql
  sinkId: number
  live: LiveSource
  /** There is something to read. */
  wake(): void
  /** Requests that could begin at once, and those that are under way. */
  slots(): { free: number; underWay: number }
  /** Rows have got so many ids of events, or (negative) not got them. */
  drew(ids: number): void
  concurrency: number
  batchSize: number
  onError(error: unknown): void
}

/** Wraps the live source of a sink, and begins to read. */
export function createBackfillSource(options: BackfillSourceOptions): Source {
  const { sql, sinkId, live } = options
  const chunks: Chunk[] = []
  const finished: number[] = []
  /** Events that went out while a chunk was being read. */
  let since: EventRow[] | undefined
  let table: BackfillTable | null = null
  let filling: Promise<void> | undefined
  let exhausted = false
  let closed = false
  let checkedAt = performance.now()
  let liveAt = -Infinity
  let restUntil = 0
  let alarm: (() => void) | undefined
  const pace = createPace(options.concurrency)

  /** Messages that may go out now. */
  function room(): number {
    const { free, underWay } = options.slots()
    return Math.max(0, Math.min(free, pace.limit - underWay)) * options.batchSize
  }

  const ready = (): Chunk | undefined => {
    const chunk = chunks[0]
    return chunk !== undefined && live.position.from >= chunk.tick ? chunk : undefined
  }

  function fill(): void {
    if (filling !== undefined || closed || exhausted || chunks.length >= 2) return
    filling = fillOnce()
      .catch(async (error: unknown) => {
        if (closed) return
        options.onError(error)
        await sleep(500)
      })
      .finally(() => {
        filling = undefined
        if (closed) return
        fill()
        options.wake()
      })
  }

  async function fillOnce(): Promise<void> {
    const rest = restUntil - performance.now()
    if (rest > 0) await sleep(rest)
    if (table !== null && !(await isActive(sql, table.backfillId))) forget()
    if (table === null) {
      table = await nextTable(sql, sinkId, finished)
      if (table === null) {
        exhausted = true
        return
      }
      table.size = Math.min(table.size, limits.rows.first)
    }
    const current = table
    since = []
    const began = performance.now()
    // Before it is known how many: a look at the log meanwhile would take them for changes, and rest after so many.
    const drawn = current.size
    options.drew(drawn)
    const read = await readRows(sql, current, {
      rows: current.size,
      bytes: limits.bytes,
      ms: limits.maxMs,
    }).catch(async (error: unknown) => {
      options.drew(-drawn)
      if (!isPermanent(error)) {
        current.size = Math.max(limits.rows.min, Math.floor(current.size / 2))
        throw error
      }
      await failBackfill(sql, current.backfillId, (error as Error).message)
      table = null
      return null
    })
    if (read === null) return
    options.drew(read.ids.length - drawn)
    if (closed) return
    if (read.wait !== null) return sleep(limits.waitMs)
    const ended = performance.now()
    const manner = ended - liveAt < limits.liveMs ? limits.besideLive : limits.alone
    const size = nextSize(current.size, read.scanned, ended - began, manner)
    restUntil = ended + manner.restMs
    const snapshot = read.snapshot
    const chunk = createChunk({
      tableId: current.id,
      backfillId: current.backfillId,
      sourceId: current.sourceId,
      rows: read.rows,
      ids: read.ids,
      readAt: read.readAt,
      snapshot: snapshot ?? '0:0:',
      hidden: read.hidden,
      rowsBefore: current.rowsDone,
      cursor: read.cursor,
      done: read.done,
      size,
      tick: snapshot === null ? 0 : await cover(snapshot),
    })
    if (closed) return
    chunk.overtake(since)
    since = undefined
    chunks.push(chunk)
    live.announce(chunk.tick)
    if (read.done) {
      finished.push(current.id)
      table = null
    } else {
      table = { ...current, cursor: read.cursor, rowsDone: current.rowsDone + read.rows.length, size }
    }
  }

  async function cover(snapshot: string): Promise<number> {
    for (;;) {
      const tick = await coverSnapshot(sql, snapshot)
      if (tick !== null || closed) return tick ?? 0
      await sleep(5)
    }
  }

  // What is not sent yet is read again, from the place that is saved, when the backfill goes on.
  function forget(): void {
    since = undefined
    table = null
    chunks.length = 0
    finished.length = 0
    exhausted = false
  }

  // A person may pause or cancel while a slow receiver takes its time over a chunk.
  function checkState(): void {
    const chunk = chunks[0]
    if (chunk === undefined || filling !== undefined || performance.now() - checkedAt < limits.stateMs) return
    checkedAt = performance.now()
    filling = isActive(sql, chunk.backfillId)
      .then((active) => {
        if (!active && !closed) forget()
      })
      .catch((error: unknown) => options.onError(error))
      .finally(() => {
        filling = undefined
        fill()
        options.wake()
      })
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      alarm = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  fill()
  return {
    announce: (tick) => live.announce(tick),
    get hasMore() {
      return live.hasMore || (ready() !== undefined && room() > 0)
    },
    get busy() {
      return !exhausted || chunks.length > 0
    },
    async next(limit, bytes): Promise<SourceChunk | null> {
      checkState()
      const count = room()
      const chunk = count > 0 ? ready() : undefined
      if (chunk === undefined || live.hasMore) return live.next(limit, bytes)
      const { rows, errors, step } = chunk.take(Math.min(limit, count), bytes)
      if (chunk.isEmpty) {
        chunks.shift()
        fill()
      }
      return { rows, errors, position: live.position, backfill: step }
    },
    accepted(rows) {
      for (const chunk of chunks) chunk.overtake(rows)
      const live = rows.filter(({ action }) => action !== 'r')
      if (live.length > 0) liveAt = performance.now()
      since?.push(...live)
    },
    sent(durationMs, underWay) {
      pace.note(durationMs, underWay, performance.now())
    },
    close() {
      closed = true
      alarm?.()
    },
  }
}

/** The size of the next read, from how long this one took; changes by a factor of two at most. */
export function nextSize(
  size: number,
  scanned: number,
  ms: number,
  { readMs, minRows }: { readMs: number; minRows: number },
): number {
  const fits = Math.max(scanned, 1) * (readMs / Math.max(ms, 1))
  const wanted = scanned < size ? Math.min(fits, size * 2) : fits
  const bounded = Math.min(Math.max(wanted, size / 2), size * 2)
  return Math.round(Math.min(Math.max(bounded, minRows), limits.rows.max))
}
