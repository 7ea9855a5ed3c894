// A run delivers one stream: it reads chunks, spreads them over lanes, sends, and settles what comes
// back. There is one run per stream at a time, anywhere (the lease), so everything it decides it may
// decide in memory; what must outlive it goes through the book. This file owns its beginning and its
// end, and when it is idle; the parts that do the work are named in state.ts.
import type { EventRow } from '../log/events.ts'
import { createAside } from './aside.ts'
import { advance } from './batch.ts'
import type { Batch } from './batch.ts'
import type { Book, BookChunk, Position } from './book.ts'
import { probeDelayMs } from './circuit.ts'
import type { Circuit } from './circuit.ts'
import type { Exchange } from './exchange.ts'
import { createFreezer } from './freeze.ts'
import { staleKey } from './group.ts'
import { createLanes } from './lanes.ts'
import type { Message } from './lanes.ts'
import type { Pacer } from './pacer.ts'
import { createLoader } from './payload.ts'
import { createNewest } from './newest.ts'
import type { HeldRow } from './newest.ts'
import { createPump } from './pump.ts'
import { createReader } from './read.ts'
import { createSettler } from './settle.ts'
import type { Source } from './source.ts'
import type { RunState, UnderWay } from './state.ts'
import type { Target } from './target.ts'

/** A frozen batch that is due within this time keeps the run: starting it again would come too late. */
const stayMs = 30_000
/** Sinks of rows read the log for so long before they send the first message. */
const gatherMs = 2000
/** A request under way so long is written down when the log cannot be read on because of it. */
const parkAfterMs = 1000

export interface RunOptions {
  /** Short and unique: becomes part of webhook-ids. */
  scope: string
  target: Target
  source: Source
  book: Book
  circuit: Circuit
  pacer: Pacer
  /** What an earlier run left: frozen batches and held messages. */
  saved: SavedState
  /** Requests of an earlier run of this process that are not over yet. */
  underWay?: UnderWay[]
  /** Nothing is read or sent: those are only waited for, by stop(). */
  settlesOnly?: boolean
  /** Of a sink of rows: which rows the held ones are about. */
  heldRows?: HeldRow[]
  /**
   * Sends the batch's attempt and logs it.
   * @param mayWrite asked right before the first byte; false: the exchange ends with the error `unsent`
   */
  exchange(batch: Batch, mayWrite: () => boolean): Promise<Exchange>
  /** Payloads by event id; a missing id is gone for good. */
  fetch(ids: number[]): Promise<EventRow[]>
  /** Makes the verdicts that capture left open; drops unwanted rows, sets groups. */
  decide(rows: EventRow[]): Promise<Decided>
  /** False: this dispatcher may no longer own the stream; nothing may be sent. */
  mayRun(): boolean
  /** The stream has had nothing to do for `idleMs`. */
  onIdle(): void
  /** A fault of ours ended the run; what was saved last holds. */
  onFault(error: unknown): void
  onError(error: unknown): void
  onCircuit?(open: boolean): void
  idleMs: number
}

export interface SavedState {
  batches: {
    id: string
    event_ids: number[]
    member_failures: number[]
    groups: string[]
    attempt: number
    wait_ms: number | null
    error: string | null
  }[]
  held: { event_id: number; groups: string[]; failures: number }[]
  /** Which of these stand in their table's own group only because of a truncate before them. */
  barred?: number[]
  /** Held messages that waited for an edit of the sink, and do no longer: their groups are to be found anew. */
  mended?: Map<number, EventRow>
  /** Sources of held messages that do still. */
  waits?: Set<number>
}

export interface Decided {
  /** Those that are wanted, or may turn out to be, in the order in which they were given. */
  rows: EventRow[]
  /** Rows whose filter raised: they are discarded with the error. */
  errors: { row: EventRow; error: string }[]
  /** Ids of those whose table is stale: they, and whatever comes of it later, wait until the sink is edited. */
  stale: Set<number>
}

export interface Run {
  /** A newer tick exists. */
  announce(tick: number): void
  /** Looks again whether something may be sent: the circuit, the pace or the status may have changed. */
  wake(): void
  /**
   * Sends nothing new, waits for what is under way, saves; keeps what was read ahead where needed.
   * @param leave ends the waiting: what is under way then is written down, and returned for the next run
   */
  stop(leave?: AbortSignal): Promise<UnderWay[]>
  /** Forgets everything at once: the lease is lost. */
  abort(): void
  readonly inFlight: number
  /** Messages in memory that wait, except for those that an edit of the sink must come first for. */
  readonly waiting: number
  readonly frozen: number
  /**
   * Something waits for an edit of the sink although, by what the run was begun with, its table needs none: it is
   * to begin anew, for nothing else tells what has become of that table since.
   */
  readonly isOutdated: boolean
  /** Request slots that nothing is ready for. */
  readonly free: number
  /** Messages that could be sent at once; 0 while others wait for a request slot. */
  readonly room: number
  /** Milliseconds until the next frozen batch or probe is due; undefined: none. */
  nextDueMs(): number | undefined
  /** Monotonic milliseconds of the last sign of life, for /readyz. */
  readonly progressAt: number
  /** How far the stream is settled. */
  readonly position: Position
  /** The newest tick up to which it has been read. */
  readonly read: number
}

/** Starts a run. It ends by stop(), abort(), or when the book says that the lease is lost. */
export function startRun(options: RunOptions): Run {
  const { target, source, book, circuit } = options
  const lanes = createLanes<EventRow>()
  const state: RunState = {
    options,
    lanes,
    batches: new Map(),
    truncates: new Map(),
    stale: new Set(),
    known: new Set(),
    due: [],
    underWay: new Map(),
    inFlight: 0,
    stopping: options.settlesOnly ?? false,
    dead: false,
    arrival: 0,
    aheadBytes: 0,
    progressAt: performance.now(),
    pump: () => guard(pump),
    fault,
  }
  const freezer = createFreezer(state, () => aside)
  const aside = createAside(state, park)
  const settler = createSettler(state, freezer, aside)
  const loader = createLoader(state, settler.lose)
  const newest = createNewest(state, settler.settle)
  const reader = createReader(state, aside, settler, newest, () => quiet?.())
  const sender = createPump(state, {
    settler,
    loader,
    postpone: (batch) => freezer.postpone(batch, 1000),
    forget: reader.forget,
  })
  let gathering = target.rowsOnly
  const gatherUntil = performance.now() + gatherMs
  let parkTimer: NodeJS.Timeout | undefined
  let idleTimer: NodeJS.Timeout | undefined
  /** Called when nothing is under way any more, after stop(). */
  let quiet: (() => void) | undefined

  const now = (): number => performance.now()
  const isOver = (): boolean => state.stopping || state.dead

  function abort(): void {
    state.dead = true
    for (const { told } of state.underWay.values()) told.isHeard = false
    source.close?.()
    clear()
    book.close()
    quiet?.()
  }

  // Half of a step may be done, and what it noted must not be written: the next run begins where the last
  // save ended. Here, for an exception in a timer or after an await would end the process, and all its runs.
  function fault(error: unknown): void {
    if (state.dead) return
    abort()
    options.onFault(error)
  }

  function guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      fault(error)
    }
  }

  function pump(): void {
    if (state.dead) return
    if (state.stopping) {
      quiet?.()
      return
    }
    if (!gathers()) sender.send()
    reader.read()
    parkSlow()
    watchIdle()
  }

  // message_type rows: a run that was killed may have sent newer versions than those that are read
  // first. So the log is read on first, and what waits then is the newest of each row.
  function gathers(): boolean {
    if (gathering) gathering = reader.reading || (source.hasMore && reader.hasRoom() && now() < gatherUntil)
    return gathering
  }

  function park(batch: Batch): void {
    advance(batch, 'park')
    freezer.freeze(batch, null, null)
  }

  // The log cannot be read on because slow requests and their groups fill the memory, while request
  // slots are free: write those down, so that they delay nobody else.
  function parkSlow(): void {
    if (state.inFlight === 0 || reader.hasRoom() || lanes.hasReady || !source.hasMore) return
    if (state.inFlight >= target.concurrency || circuit.state !== 'closed') return
    const limit = now() - parkAfterMs
    const slow = [...state.batches.values()].filter((b) => b.state === 'sending' && b.startedAt < limit)
    for (const batch of slow) park(batch)
    if (slow.length > 0) queueMicrotask(() => guard(reader.read))
    parkTimer ??= setTimeout(() => {
      parkTimer = undefined
      if (!isOver()) guard(parkSlow)
    }, parkAfterMs)
  }

  const isBusy = (): boolean =>
    state.inFlight > 0 ||
    lanes.hasReady ||
    source.hasMore ||
    source.busy === true ||
    reader.reading ||
    loader.busy ||
    (freezer.nextDueMs() ?? Infinity) < stayMs

  function watchIdle(): void {
    if (isBusy()) {
      clearTimeout(idleTimer)
      idleTimer = undefined
    } else {
      idleTimer ??= setTimeout(() => {
        idleTimer = undefined
        if (!isOver() && !isBusy()) options.onIdle()
      }, options.idleMs)
    }
  }

  // What stands between settled messages is held, so that the next run repeats none of those; what was
  // read behind the last settled one is simply read again.
  function keepRest(): void {
    const last = book.chunks.findLast((c) => c.settledTo > 0)
    if (last === undefined) return
    const kept = new Set<unknown>(book.chunks.slice(0, book.chunks.indexOf(last) + 1))
    const rest: Message<EventRow>[] = []
    for (const l of lanes.all()) {
      for (let i = l.head; i < l.queue.length; i++) {
        const m = l.queue[i]!
        if (!kept.has(m.chunk) || m.lanes[0] !== l) continue
        if (m.chunk === last && last.window !== undefined && m.id > last.settledTo) continue
        rest.push(m)
      }
    }
    for (const m of rest.toSorted((a, b) => a.order - b.order)) aside.hold(m)
    book.cut(last as BookChunk)
  }

  function clear(): void {
    sender.clear()
    for (const t of [parkTimer, idleTimer]) clearTimeout(t)
    for (const b of state.batches.values()) clearTimeout(b.timer)
  }

  for (const request of freezer.restore(options.saved, options.underWay ?? [])) sender.adopt(request)
  newest.restore(options.heldRows ?? [])
  queueMicrotask(state.pump)

  return {
    announce(tick) {
      guard(() => {
        source.announce(tick)
        reader.read()
        watchIdle()
      })
    },
    wake: state.pump,
    async stop(leave) {
      state.stopping = true
      source.close?.()
      clear()
      await new Promise<void>((resolve) => {
        quiet = () => {
          if (state.dead || (!reader.reading && (state.inFlight === 0 || leave?.aborted === true))) resolve()
        }
        leave?.addEventListener('abort', () => quiet?.())
        quiet()
      })
      const left: UnderWay[] = []
      guard(() => {
        if (state.dead) return
        for (const [batch, request] of state.underWay) {
          left.push(request)
          request.told.isHeard = false
          if (batch.state === 'sending') park(batch)
        }
        // whatever ends from here on is the next run's: what has been written says that they are under way
        state.underWay.clear()
        keepRest()
      })
      if (state.dead) return []
      await book.flush()
      state.dead = true
      clear()
      book.close()
      return left
    },
    abort,
    get inFlight() {
      return state.inFlight
    },
    get waiting() {
      let forEdit = 0
      for (const sourceId of state.stale) {
        const l = lanes.find(staleKey(sourceId))
        if (l !== undefined) forEdit += l.queue.length - l.head
      }
      return lanes.waiting - forEdit
    },
    get isOutdated() {
      return [...state.stale].some((sourceId) => (target.tables.get(sourceId)?.stale ?? null) === null)
    },
    get frozen() {
      return state.batches.size
    },
    get room() {
      return lanes.hasReady ? 0 : (target.concurrency - state.inFlight) * target.batchSize
    },
    get free() {
      return lanes.hasReady ? 0 : target.concurrency - state.inFlight
    },
    nextDueMs() {
      if (circuit.state !== 'closed') return probeDelayMs(circuit, 'failed', now())
      return freezer.nextDueMs()
    },
    get position() {
      return book.position
    },
    get read() {
      return book.read
    },
    get progressAt() {
      return state.progressAt
    },
  }
}
