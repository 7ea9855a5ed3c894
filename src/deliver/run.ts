// A run delivers one stream: it reads chunks, spreads them over lanes, sends, and settles what comes
// back. There is one run per stream at a time, anywhere (the lease), so everything it decides it may
// decide in memory; what must outlive it goes through the book. Requests that failed are settled in
// settle.ts, the circuit in circuit.ts, positions in book.ts.
import type { EventRow } from '../log/events.ts'
import { advance, firstBatchId } from './batch.ts'
import type { Batch } from './batch.ts'
import type { Book, BookChunk } from './book.ts'
import { probe } from './circuit.ts'
import type { Circuit } from './circuit.ts'
import type { Exchange } from './exchange.ts'
import { createLanes } from './lanes.ts'
import type { Lane, Lanes, Message } from './lanes.ts'
import type { Pacer } from './pacer.ts'
import { createSettler } from './settle.ts'
import type { Source } from './source.ts'
import type { Target } from './target.ts'

/** Bytes of one request's body, about: a batch of large records is cut there. */
const maxBodyBytes = 8 * 1024 * 1024
/** Bytes of stored payload that a run keeps in memory ahead of its requests. */
const maxAheadBytes = 8 * 1024 * 1024
/** A request under way so long is written down when the log cannot be read on because of it. */
const parkAfterMs = 1000
/** Messages set aside while the circuit is open; beyond, only the log remembers. */
const maxHeldWhileOpen = 200

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
  /** Sends the batch's attempt and logs it. */
  exchange(batch: Batch): Promise<Exchange>
  /** Payloads by event id; a missing id is gone for good. */
  fetch(ids: number[]): Promise<EventRow[]>
  /** Makes the verdicts that capture left open; drops unwanted rows, sets groups. */
  decide(rows: EventRow[]): Promise<Decided>
  /** False: this dispatcher may no longer own the stream; nothing may be sent. */
  mayRun(): boolean
  /** The stream has had nothing to do for `idleMs`. */
  onIdle(): void
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
}

export interface Decided {
  rows: EventRow[]
  /** Rows whose filter raised: they are discarded with the error. */
  errors: { row: EventRow; error: string }[]
  /** Rows of a stale table: they wait, in order, until the sink is edited. */
  stale: EventRow[]
}

export interface Run {
  /** A newer tick exists. */
  announce(tick: number): void
  /** Looks again whether something may be sent: the circuit, the pace or the status may have changed. */
  wake(): void
  /** Sends nothing new, waits for what is under way, saves; keeps what was read ahead where needed. */
  stop(): Promise<void>
  /** Forgets everything at once: the lease is lost. */
  abort(): void
  readonly inFlight: number
  readonly waiting: number
  readonly frozen: number
  /** Messages that free request slots would take at once; 0 while others are ready for them. */
  readonly room: number
  /** Milliseconds until the next frozen batch or probe is due; undefined: none. */
  nextDueMs(): number | undefined
  /** Monotonic milliseconds of the last sign of life, for /readyz. */
  readonly progressAt: number
}

/** What the parts of a run share. */
export interface RunState {
  options: RunOptions
  lanes: Lanes<EventRow>
  batches: Map<string, Batch>
  due: Batch[]
  inFlight: number
  held: number
  stopping: boolean
  dead: boolean
  arrival: number
  /** Bytes of payload in memory that wait for a request. */
  aheadBytes: number
  pump(): void
}

/** The groups of an event, as lane keys: two for an update that changed its group, none for no order. */
export function laneKeys(target: Target, row: EventRow): string[] {
  const groupColumns = target.tables.get(row.source_id)?.groupColumns ?? null
  if (groupColumns !== null && groupColumns.length === 0) return []
  // A custom group is one over all tables of the sink, a key belongs to its table.
  const key = row.grp !== null ? `=${row.grp}` : `${row.source_id}:${row.pks.join(':')}`
  const old =
    row.old_grp !== null
      ? `=${row.old_grp}`
      : row.old_pks !== null && row.grp === null
        ? `${row.source_id}:${row.old_pks.join(':')}`
        : key
  return old === key ? [key] : [old, key]
}

/** Starts a run. It ends by stop(), abort(), or when the book says that the lease is lost. */
export function startRun(options: RunOptions): Run {
  const { target, source, book, circuit, pacer } = options
  const lanes = createLanes<EventRow>()
  const state: RunState = {
    options,
    lanes,
    batches: new Map(),
    due: [],
    inFlight: 0,
    held: 0,
    stopping: false,
    dead: false,
    arrival: 0,
    aheadBytes: 0,
    pump,
  }
  const settler = createSettler(state)
  const aheadMessages = Math.max(2 * target.concurrency * target.batchSize, 2000)
  const chunkLimit = Math.min(Math.ceil(aheadMessages / 2), 5000)
  let relieveTimer: NodeJS.Timeout | undefined
  let reading = false
  let retries = 0
  let retryTurn = false
  let paceTimer: NodeJS.Timeout | undefined
  let fillTimer: NodeJS.Timeout | undefined
  let probeTimer: NodeJS.Timeout | undefined
  let idleTimer: NodeJS.Timeout | undefined
  let progressAt = performance.now()
  let loading = 0
  let wakeStop: (() => void) | undefined
  const newest = new Map<string, Message<EventRow>>()

  const now = (): number => performance.now()
  const alive = (): boolean => !state.stopping && !state.dead

  // Reading ---------------------------------------------------------------------------------------

  const roomToRead = (): boolean => {
    if (circuit.state !== 'closed' && (lanes.hasReady || state.held > maxHeldWhileOpen)) return false
    return lanes.waiting < aheadMessages && state.aheadBytes < maxAheadBytes && book.chunks.length < 1000
  }

  function read(): void {
    if (reading || !alive() || !source.hasMore || !roomToRead()) return
    reading = true
    void readOnce().finally(() => {
      reading = false
      if (alive()) pump()
      else wakeStop?.()
    })
  }

  async function readOnce(): Promise<void> {
    let wait = 50
    for (;;) {
      try {
        const chunk = await source.next(chunkLimit, maxAheadBytes)
        if (chunk === null) return
        if (state.dead) return
        const undecided = chunk.rows.some((r) => r.undecided)
        const decided = undecided ? await options.decide(chunk.rows) : null
        if (state.dead) return
        const errors = chunk.errors ?? []
        accept(decided?.rows ?? chunk.rows, errors.length === 0 ? decided : { rows: [], errors, stale: [] }, {
          remaining: 0,
          position: chunk.position,
          backfill: chunk.backfill,
          replayed: chunk.replayed,
          touched: false,
        })
        return
      } catch (error) {
        options.onError(error)
        await new Promise((resolve) => setTimeout(resolve, wait))
        wait = Math.min(wait * 2, 2000)
        if (!alive() || !options.mayRun()) return
      }
    }
  }

  function accept(rows: EventRow[], decided: Decided | null, chunk: BookChunk): void {
    progressAt = now()
    book.addChunk(chunk)
    source.accepted?.(rows)
    for (const row of rows) add(row, chunk)
    for (const { row, error } of decided?.errors ?? []) {
      settler.discardRow(row, laneKeys(target, row), error)
    }
    for (const row of decided?.stale ?? []) settler.holdRow(row.event_id, [staleKey(row.source_id)])
    if (chunk.remaining === 0) book.touch()
  }

  function add(row: EventRow, chunk: BookChunk): void {
    const size = (row.record?.length ?? 0) + (row.changes?.length ?? 0) + 400
    const keys = laneKeys(target, row)
    if (size > target.maxMessageBytes) {
      settler.discardRow(
        row,
        keys,
        `the message has about ${size} bytes, more than max_message_bytes ${target.maxMessageBytes}`,
      )
      return
    }
    chunk.remaining++
    const message = lanes.add(
      { id: row.event_id, payload: row, size, failures: 0, chunk, since: now(), order: state.arrival++ },
      keys,
    )
    state.aheadBytes += size
    if (message.lanes.some(settler.isBlocked)) settler.hold(message)
    else if (target.rowsOnly) coalesce(message)
  }

  // message_type rows: of what waits, only the newest version of each row.
  function coalesce(message: Message<EventRow>): void {
    const row = message.payload!
    if (row.pks.length === 0) return
    const key = `${row.source_id}:${row.pks.join(':')}`
    const older = newest.get(key)
    if (older !== undefined && older.payload !== undefined && older.waits === true) {
      lanes.remove(older)
      state.aheadBytes -= older.size
      settler.settle(older)
    }
    message.waits = true
    newest.set(key, message)
  }

  function forget(message: Message<EventRow>): void {
    message.waits = false
    const row = message.payload!
    const key = `${row.source_id}:${row.pks.join(':')}`
    if (newest.get(key) === message) newest.delete(key)
  }

  // Sending ---------------------------------------------------------------------------------------

  function pump(): void {
    if (state.dead) return
    while (alive() && state.inFlight < target.concurrency && options.mayRun()) {
      if (circuit.state === 'probing') break
      if (circuit.state === 'open' && !mayProbe()) break
      const delay = pacer.delayMs()
      if (delay > 0) {
        paceTimer ??= setTimeout(() => {
          paceTimer = undefined
          pump()
        }, delay)
        break
      }
      if (!sendNext()) break
    }
    if (state.stopping) {
      if (state.inFlight === 0) wakeStop?.()
      return
    }
    read()
    relieve()
    watchIdle()
  }

  function mayProbe(): boolean {
    const wait = circuit.nextAt - now()
    if (wait > 0) {
      probeTimer ??= setTimeout(() => {
        probeTimer = undefined
        pump()
      }, wait)
      return false
    }
    return lanes.hasReady || state.due.length > 0
  }

  /** Begins one request; false when there is nothing to send now. */
  function sendNext(): boolean {
    // Retries get half of the slots at most, and every other turn, while fresh messages wait: ten
    // thousand failing groups must not delay the others.
    const fresh = lanes.hasReady
    const share = Math.max(1, Math.floor(target.concurrency / 2))
    const probing = circuit.state === 'open'
    if (
      state.due.length > 0 &&
      (!fresh || (!probing && retries < share && (target.concurrency > 1 || retryTurn)))
    ) {
      retryTurn = false
      if (probing) probe(circuit, now())
      retry(state.due.shift()!)
      return true
    }
    retryTurn = true
    if (!fresh) return false
    if (unfilled()) return false
    const batch: Batch = {
      id: '',
      state: 'sending',
      members: [],
      lanes: new Set(),
      attempt: 0,
      stored: false,
      startedAt: 0,
      timer: undefined,
    }
    const taken = lanes.take(target.batchSize, maxBodyBytes, batch)
    if (taken.missing.length > 0) load(taken.missing)
    if (taken.messages.length === 0) return lanes.hasReady
    batch.members = taken.messages
    let again = false
    for (const m of taken.messages) {
      if (m.waits === true) forget(m)
      again ||= m.failures > 0 || m.chunk === null
      state.aheadBytes -= m.chunk === null ? 0 : m.size
      for (const l of m.lanes) batch.lanes.add(l)
    }
    // what was failed, split or asked for again is a new batch with a new id
    ;(batch as { id: string }).id = again
      ? `msg_${crypto.randomUUID()}`
      : firstBatchId(options.scope, taken.messages)
    state.batches.set(batch.id, batch)
    if (probing) probe(circuit, now())
    send(batch)
    return true
  }

  // An unfilled batch may wait for more, so long as its first message allows.
  function unfilled(): boolean {
    if (target.batchTimeoutMs === 0 || lanes.waiting >= target.batchSize) return false
    const oldest = lanes.peek()
    if (oldest === undefined) return false
    const wait = oldest.since + target.batchTimeoutMs - now()
    if (wait <= 0) return false
    fillTimer ??= setTimeout(() => {
      fillTimer = undefined
      pump()
    }, wait)
    return true
  }

  function send(batch: Batch): void {
    pacer.take()
    state.inFlight++
    batch.attempt++
    batch.startedAt = now()
    void options.exchange(batch).then(
      (exchange) => finish(batch, exchange),
      (error: unknown) => {
        // the sender never rejects: this is a fault of ours, and must not stop the stream
        options.onError(error)
        finish(batch, {
          headers: {},
          body: '',
          truncated: false,
          durationMs: now() - batch.startedAt,
          error: { code: 'internal', message: 'the request could not be made; see the log' },
        })
      },
    )
  }

  function finish(batch: Batch, exchange: Exchange): void {
    state.inFlight--
    progressAt = now()
    if (state.dead) return
    settler.finish(batch, exchange)
    pump()
  }

  function retry(batch: Batch): void {
    advance(batch, 'due')
    state.inFlight++
    retries++
    void prepare(batch)
      .catch((error: unknown) => {
        options.onError(error)
        return 'later' as const
      })
      .then((result) => {
        state.inFlight--
        retries--
        if (state.dead) return
        if (result === 'ready' && alive() && options.mayRun()) {
          retries++
          state.inFlight++
          pacer.take()
          batch.attempt++
          batch.startedAt = now()
          return options.exchange(batch).then((exchange) => {
            retries--
            finish(batch, exchange)
          })
        }
        if (result !== 'over') settler.later(batch, 1000)
        if (circuit.state === 'probing') circuit.state = 'open'
        pump()
        return undefined
      })
      .catch((error: unknown) => options.onError(error))
  }

  // A frozen batch's payload is in the log only.
  async function prepare(batch: Batch): Promise<'ready' | 'later' | 'over'> {
    const missing = batch.members.filter((m) => m.payload === undefined)
    if (missing.length === 0) return 'ready'
    await book.flush()
    const rows = new Map((await options.fetch(missing.map((m) => m.id))).map((r) => [r.event_id, r]))
    const lost: Message<EventRow>[] = []
    for (const m of missing) {
      const row = rows.get(m.id)
      if (row === undefined) {
        lost.push(m)
        continue
      }
      m.payload = row
      m.size = (row.record?.length ?? 0) + (row.changes?.length ?? 0) + 400
      if (m.lanes.length === 0)
        m.lanes = laneKeys(target, row).map((key) => lanes.find(key) ?? lanes.occupy([key], batch)[0]!)
    }
    if (lost.length > 0) return settler.drop(batch, lost) ? 'ready' : 'over'
    return 'ready'
  }

  // Held messages are in memory by id alone.
  function load(first: Message<EventRow>[]): void {
    const messages = first.flatMap((m) => {
      const l = m.lanes[0]!
      return l.queue
        .slice(l.head, l.head + Math.min(2 * target.batchSize, 200))
        .filter((o) => o.payload === undefined)
    })
    loading++
    void book
      .flush()
      .then(() => options.fetch(messages.map((m) => m.id)))
      .then((rows) => {
        if (state.dead) return
        const byId = new Map(rows.map((r) => [r.event_id, r]))
        for (const m of messages) {
          const row = byId.get(m.id)
          if (row === undefined) {
            lanes.remove(m)
            settler.lose(m)
          } else {
            m.payload = row
            m.size = (row.record?.length ?? 0) + (row.changes?.length ?? 0) + 400
          }
          for (const l of m.lanes) lanes.wake(l)
        }
      })
      .catch(async (error: unknown) => {
        options.onError(error)
        await new Promise((resolve) => setTimeout(resolve, 500))
        for (const m of messages) for (const l of m.lanes) lanes.wake(l)
      })
      .finally(() => {
        loading--
        pump()
      })
  }

  // The log cannot be read on because slow requests and their groups fill the memory, while request
  // slots are free: write those down, so that they delay nobody else.
  function relieve(): void {
    if (state.inFlight === 0 || roomToRead() || lanes.hasReady || !source.hasMore) return
    if (state.inFlight >= target.concurrency || circuit.state !== 'closed') return
    const limit = now() - parkAfterMs
    let parked = false
    for (const batch of state.batches.values()) {
      if (batch.state === 'sending' && batch.startedAt < limit) {
        settler.park(batch)
        parked = true
      }
    }
    if (parked) queueMicrotask(read)
    relieveTimer ??= setTimeout(() => {
      relieveTimer = undefined
      if (alive()) relieve()
    }, parkAfterMs)
  }

  // Idle ------------------------------------------------------------------------------------------

  function busy(): boolean {
    return (
      state.inFlight > 0 || lanes.hasReady || source.hasMore || source.busy === true || reading || loading > 0
    )
  }
  function watchIdle(): void {
    if (busy()) {
      clearTimeout(idleTimer)
      idleTimer = undefined
    } else {
      idleTimer ??= setTimeout(() => {
        idleTimer = undefined
        if (alive() && !busy()) options.onIdle()
      }, options.idleMs)
    }
  }

  function clear(): void {
    for (const t of [paceTimer, fillTimer, probeTimer, relieveTimer, idleTimer]) clearTimeout(t)
    for (const b of state.batches.values()) clearTimeout(b.timer)
  }

  settler.restore(options.saved)
  queueMicrotask(pump)

  return {
    announce(tick) {
      source.announce(tick)
      read()
      watchIdle()
    },
    wake: pump,
    async stop() {
      state.stopping = true
      source.close?.()
      clear()
      if (state.inFlight > 0 || reading) {
        await new Promise<void>((resolve) => {
          wakeStop = () => {
            if (state.dead || (state.inFlight === 0 && !reading)) resolve()
          }
        })
      }
      if (!state.dead) {
        settler.keepTouched()
        await book.flush()
      }
      state.dead = true
      clear()
      book.close()
    },
    abort() {
      state.dead = true
      source.close?.()
      clear()
      book.close()
      wakeStop?.()
    },
    get inFlight() {
      return state.inFlight
    },
    get waiting() {
      return lanes.waiting
    },
    get frozen() {
      return state.batches.size
    },
    get room() {
      return lanes.hasReady ? 0 : (target.concurrency - state.inFlight) * target.batchSize
    },
    nextDueMs() {
      if (circuit.state !== 'closed') return Math.max(0, circuit.nextAt - now())
      return settler.nextDueMs()
    },
    get progressAt() {
      return progressAt
    },
  }
}

/** The lane in which the changes of a stale table wait. */
export const staleKey = (sourceId: number): string => `stale:${sourceId}`

export type { Lane }
