// A run's bookkeeping: how far the log is settled, and what has to be written about messages that
// were not simply delivered. Owns when to save (rowhook.save_stream) and that nothing of a save is
// lost while the database is away; knows nothing of lanes or requests.
import type { Chunk } from './lanes.ts'
import type { SourceChunk } from './source.ts'

/** A place in the log: everything visible at `from`, and of the window (from, to] all up to `last`. */
export interface Position {
  from: number
  to: number
  last: number
}

/** How far a backfill's table has come with a chunk. */
export interface BackfillStep {
  /** Of rowhook.backfill_table. */
  id: number
  /** Text forms of the order's columns at the last row that is done. */
  cursor: (string | null)[] | null
  /** Rows that are done, this chunk's included. */
  rows: number
  done: boolean
  /** Rows to read at once from here on. */
  size: number
}

/** A chunk of the log in memory, with the position that holds when it and all before it are settled. */
export interface BookChunk extends Chunk {
  position: Position
  backfill: BackfillStep | null
  /** Of a replay: messages that it has brought, this chunk's included. */
  replayed?: number | undefined
  /** Where its rows lie, if they are of the log in id order: the position may be cut within. */
  window: { from: number; to: number } | undefined
  /** Ids of its messages in the order in which they were read, and which of them are settled. */
  ids: number[]
  settled: boolean[]
  /** How many at its beginning are all settled. */
  prefix: number
  /** The highest id that was settled; 0: none. */
  settledTo: number
}

/** A chunk that was just read; its messages are counted as they are added. */
export const createChunk = (read: SourceChunk): BookChunk => ({
  remaining: 0,
  position: read.position,
  backfill: read.backfill,
  replayed: read.replayed,
  window: read.window,
  ids: [],
  settled: [],
  prefix: 0,
  settledTo: 0,
})

/** Counts a message into the chunk; returns its number there. */
export function countIn(chunk: BookChunk, id: number): number {
  chunk.remaining++
  chunk.settled.push(false)
  return chunk.ids.push(id) - 1
}

/** A message of the chunk needs the chunk no longer. */
export function settleIn(chunk: BookChunk, at: number): void {
  const id = chunk.ids[at]!
  chunk.remaining--
  chunk.settled[at] = true
  if (id > chunk.settledTo) chunk.settledTo = id
}

export interface HeldMessage {
  event_id: number
  groups: string[]
  failures: number
}

/** See rowhook.save_stream. */
export interface Ops {
  store: {
    id: number
    source_id: number
    pks: string[]
    grp: string | null
    captured_at: string
    xid: string
    record: string | null
    backfill_id: string | null
  }[]
  freeze: {
    id: string
    event_ids: number[]
    member_failures: number[]
    groups: string[]
    attempt: number
    next_ms: number | null
    error: string | null
  }[]
  done: string[]
  hold: HeldMessage[]
  hold_first: HeldMessage[]
  release: number[]
  regroup: { event_id: number; groups: string[] }[]
  discard: {
    event_id: number
    groups: string[]
    attempts: number
    webhook_id: string | null
    error: string
  }[]
  backfill: BackfillStep[]
  replayed?: number
  read?: number
  circuit?: {
    state: 'open' | 'closed'
    blind: boolean
    failures: number
    probes: number
    next_ms: number | null
  }
  error?: string | null
  pause?: string
}

const emptyOps = (): Ops => ({
  store: [],
  freeze: [],
  done: [],
  hold: [],
  hold_first: [],
  release: [],
  regroup: [],
  discard: [],
  backfill: [],
})

/**
 * What was held goes on. If no save has come since it was set aside in front, that is not to be written
 * any more: a save releases before it sets aside, and the message would stay behind, to be sent once more.
 */
export function release(ops: Ops, eventId: number): void {
  const at = ops.hold_first.findIndex(({ event_id }) => event_id === eventId)
  if (at >= 0) ops.hold_first.splice(at, 1)
  ops.release.push(eventId)
}

const isEmpty = (ops: Ops): boolean => Object.values(ops).every((v) => Array.isArray(v) && v.length === 0)

export interface BookOptions {
  position: Position
  /** Messages that the stream has delivered so far. */
  delivered: number
  /** The number of the last save under the stream's token. */
  saved: number
  /** The newest tick up to which a run before this one has read, that left requests to it. */
  read?: number | undefined
  /**
   * Writes; false: the lease is lost. Throws when the database is away. It may be called twice with
   * the same things, because an answer may get lost: `delivered` is a total for that reason. What is late
   * in coming is told by its number.
   */
  save(number: number, position: Position, delivered: number, ops: Ops | null): Promise<boolean>
  /** Called once when a save says that the lease is lost. */
  onLost(): void
  onError(error: unknown): void
  /** Milliseconds between a change and its save. */
  delayMs: number
}

export interface Book {
  readonly ops: Ops
  addChunk(chunk: BookChunk): void
  /** Gives up what was read behind the last settled message of this chunk: it will be read again. */
  cut(chunk: BookChunk): void
  /** Something changed: save soon. */
  touch(): void
  delivered(count: number): void
  /** Saves everything that is known now; resolves when it is written, or the lease is lost. */
  flush(): Promise<void>
  readonly chunks: readonly BookChunk[]
  readonly position: Position
  /** The newest tick up to which has been read. */
  readonly read: number
  /** No save will be tried any more. */
  close(): void
}

/** Opens the book at a stream's saved position. */
export function openBook(options: BookOptions): Book {
  let ops = emptyOps()
  let position = options.position
  let read = Math.max(position.to, options.read ?? 0)
  let savedPosition = position
  let deliveredTotal = options.delivered
  let savedTotal = deliveredTotal
  const chunks: BookChunk[] = []
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let saving = Promise.resolve()
  let isSaving = false
  let again = false
  let lastNumber = options.saved

  // A chunk may be large, and its last message slow: what is settled at its beginning counts already.
  function advanceWithin(chunk: BookChunk | undefined): void {
    if (chunk?.window === undefined) return
    const before = chunk.prefix
    while (chunk.settled[chunk.prefix] === true) chunk.prefix++
    if (chunk.prefix > before) position = { ...chunk.window, last: chunk.ids[chunk.prefix - 1]! }
  }

  const advance = (): void => {
    while (chunks.length > 0 && chunks[0]!.remaining <= 0) {
      const chunk = chunks.shift()!
      position = chunk.position
      if (chunk.backfill !== null) ops.backfill.push(chunk.backfill)
      if (chunk.replayed !== undefined) ops.replayed = chunk.replayed
    }
    advanceWithin(chunks[0])
  }

  async function saveAll(): Promise<void> {
    isSaving = true
    try {
      do {
        again = false
        advance()
        const taken = isEmpty(ops) ? null : { ...ops, read }
        const total = deliveredTotal
        const at = position
        if (taken === null && total === savedTotal && at === savedPosition) return
        ops = emptyOps()
        await saveOne(++lastNumber, at, total, taken)
      } while (again && !closed)
    } finally {
      // at once: whoever flushes after the last look at `again` has to begin anew, or nobody would save what is theirs
      isSaving = false
    }
  }

  async function saveOne(number: number, at: Position, total: number, taken: Ops | null): Promise<void> {
    for (let wait = 50; !closed; wait = Math.min(wait * 2, 1000)) {
      try {
        if (await options.save(number, at, total, taken)) {
          savedPosition = at
          savedTotal = total
        } else {
          closed = true
          options.onLost()
        }
        return
      } catch (error) {
        options.onError(error)
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  const flush = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    if (closed) return Promise.resolve()
    if (isSaving) again = true
    else saving = saveAll()
    return saving
  }

  const touch = (): void => {
    if (timer !== undefined || closed) return
    timer = setTimeout(() => {
      timer = undefined
      void flush().catch(options.onError)
    }, options.delayMs)
  }

  return {
    get ops() {
      return ops
    },
    addChunk(chunk) {
      read = Math.max(read, chunk.position.to)
      chunks.push(chunk)
    },
    cut(chunk) {
      chunks.length = chunks.indexOf(chunk) + 1
      if (chunk.remaining === 0 || chunk.window === undefined) return
      if (chunk.replayed !== undefined) chunk.replayed -= chunk.remaining
      chunk.remaining = 0
      chunk.position = { ...chunk.window, last: chunk.settledTo }
    },
    touch,
    delivered(count) {
      deliveredTotal += count
    },
    flush,
    chunks,
    get position() {
      advance()
      return position
    },
    get read() {
      return read
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
