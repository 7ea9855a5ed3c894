// A whole life of a stream in memory and in simulated time: changes come, the receiver fails, hangs
// and recovers, the database goes away, the dispatcher is killed, paused, drained and replaced. The
// run, its lanes, book and circuit are the real ones. The world counts what the guarantees forbid.
//
// The caller installs fake timers; everything random comes from one seed, so a failure can be had again.
import { vi } from 'vitest'
import { openBook } from '../../../../src/deliver/book.ts'
import { type Circuit, createCircuit } from '../../../../src/deliver/circuit.ts'
import type { Exchange } from '../../../../src/deliver/exchange.ts'
import { createPacer } from '../../../../src/deliver/pacer.ts'
import { groupKeys } from '../../../../src/deliver/group.ts'
import { type Run, startRun } from '../../../../src/deliver/run.ts'
import type { Batch } from '../../../../src/deliver/batch.ts'
import type { Decided } from '../../../../src/deliver/run.ts'
import type { Source } from '../../../../src/deliver/source.ts'
import type { UnderWay } from '../../../../src/deliver/state.ts'
import type { Target } from '../../../../src/deliver/target.ts'
import { resolveStale } from '../../../../src/deliver/verdict.ts'
import type { EventRow } from '../../../../src/log/events.ts'
import { cap, discard, emptyStream, load, redeliver, save, stateRows } from './database.ts'

/** What kind of life. Shares are from 0 to 1. */
export interface Life {
  seed: number
  groups: number
  concurrency: number
  batchSize: number
  maxRetryCount: number | null
  /** Of changes that move their row from one group to another. */
  moving: number
  /** Of changes without any order. */
  unordered: number
  /** Of changes that truncate the table. */
  truncating: number
  /** Of requests that fail by themselves, of answers that name members as failed. */
  flaky: number
  /** Of saves and reads that fail. */
  databaseFails: number
  /** Groups (counted from 0) whose messages the receiver never takes, until the end. */
  poisoned: number
  /** Of requests that take three seconds. */
  slow: number
  /** Of looks at the sink's settings that raise, wherever the run is then. */
  faults: number
}

/** What somebody may ask for about messages. */
export type Command = 'discard' | 'redeliver'

/** A receiver's mood: what it answers, how soon. */
export type Mood = (batch: Batch) => { status?: number; latencyMs: number; failed?: number[] }

/** What the guarantees forbid, and what else the caller may want to know. */
export interface World {
  readonly lost: number
  /** Discarded by a run, which did not say in which groups they would go out again. */
  readonly ungrouped: number
  readonly duplicated: number
  readonly outOfOrder: number
  /** Requests that began after their dispatcher had lost the stream. */
  readonly late: number
  readonly delivered: number
  readonly stateRows: number
  readonly requests: number
  readonly storedDelivered: number
  readonly circuit: Circuit
  /** Messages acknowledged, by id, at simulated milliseconds. */
  readonly acknowledgedAt: ReadonlyMap<number, number>
  random(): number
  /** Adds changes of random groups, or of the one given; returns their ids. */
  change(count: number, group?: number): number[]
  /** Sets how the receiver answers from now on; null: as the life says. */
  setMood(mood: Mood | null): void
  setDatabaseFails(share: number): void
  start(): void
  /** SIGKILL: the run is gone, its requests may still arrive. */
  kill(): void
  /** SIGSTOP for longer than the lease: it goes on, but may send nothing, and others take over. */
  freeze(): void
  /** SIGTERM. */
  drain(): Promise<void>
  /** Something of the sink is edited that changes nothing of its messages. */
  reload(): Promise<void>
  /**
   * The sink is edited: another run goes on, with the requests that are under way. Now and then a table is
   * taken out of the sink; the next edit may put it back.
   */
  edit(): Promise<void>
  /**
   * The tables are altered, so that the sink's filter fits no longer, or fits again; the dispatcher begins its
   * run anew when it notices.
   */
  alter(): Promise<void>
  /** Some messages, whatever their states, are discarded or redelivered by request. */
  command(kind: Command): Promise<void>
  /** Payloads go from the log although they are needed: the older ones, some of all, or those given. */
  vanish(ids?: readonly number[]): void
  /** Lets time pass. */
  pass(ms: number): Promise<void>
  /** Makes everything well and waits until nothing is left to do. */
  settle(): Promise<void>
}

const sourceId = 1
const unorderedSource = 2

/** Makes a world; nothing runs until `start`. */
export function createWorld(life: Life): World {
  const random = generator(life.seed)
  const chance = (share: number) => random() < share
  const stream = emptyStream({ from: 1, to: 2, last: 0 })
  const log: EventRow[] = []
  const byId = new Map<number, EventRow>()
  /** What is neither acknowledged nor discarded of a group, in order; done ones are taken out when met. */
  const openIn = new Map<string, Set<number>>()
  const arrived = new Set<number>()
  /** The last that arrived of what stands in a group. */
  const lastIn = new Map<string, number>()
  /** Sent again, or not at all, by request: they come whenever they come. */
  const commanded = new Set<number>()
  const vanished = new Set<number>()
  const acknowledgedAt = new Map<number, number>()
  const target = targetOf(life, () => chance(faults))
  let circuit = createCircuit()
  let run: Run | undefined
  let mayRun = { now: true }
  let mood: Mood | null = null
  let databaseFails = life.databaseFails
  let faults = life.faults
  let delivered = 0
  let duplicated = 0
  let outOfOrder = 0
  let late = 0
  let requests = 0
  let runs = 0
  let isStale = false
  let revival: NodeJS.Timeout | undefined

  const now = () => performance.now()
  const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
  const isDone = (id: number) => acknowledgedAt.has(id) || stream.discarded.has(id)

  /** What rowhook.load_stream says of messages that stand in their table's own group. */
  function barred(): number[] {
    const isTables = (group: string | undefined) => /^\d+:$/.test(group ?? '')
    return [
      ...stream.held.filter((h) => h.groups.length > 1 && isTables(h.groups.at(-1))).map((h) => h.event_id),
      ...[...stream.batches.values()].flatMap((b) => (b.groups.some(isTables) ? b.event_ids : [])),
    ].filter((id) => byId.get(id)?.action !== 't')
  }

  /** A truncate comes behind every change of its table, and before every later one. */
  function ordersOf(row: EventRow): { standsIn: string[]; waitsFor: string[] } {
    const keys = groupKeys(target, row)
    if (row.source_id === unorderedSource) return { standsIn: keys, waitsFor: keys }
    if (row.action === 't') return { standsIn: [...keys, 'truncates'], waitsFor: ['rows', 'truncates'] }
    return { standsIn: [...keys, 'rows'], waitsFor: [...keys, 'truncates'] }
  }

  function change(count: number, group?: number): number[] {
    const ids: number[] = []
    for (let i = 0; i < count; i += 1) {
      // ids have gaps, as sequences do
      const id = (log.at(-1)?.event_id ?? 0) + 1 + Math.floor(random() * 3)
      const of = group ?? Math.floor(random() * life.groups)
      const moved = group === undefined && chance(life.moving)
      const truncate = group === undefined && chance(life.truncating)
      const row = {
        event_id: id,
        source_id: group === undefined && !truncate && chance(life.unordered) ? unorderedSource : sourceId,
        action: truncate ? 't' : 'u',
        grp: null,
        old_grp: null,
        pks: truncate ? [] : [String(of)],
        old_pks: moved && !truncate ? [String((of + 1) % life.groups)] : null,
        record: Buffer.from('{}'),
        changes: null,
        annotations: null,
        hidden: null,
        captured_at: '',
        xid: '1',
        undecided: isStale || chance(0.1),
        size: 100,
      } as EventRow
      log.push(row)
      byId.set(id, row)
      for (const key of ordersOf(row).standsIn) openIn.set(key, (openIn.get(key) ?? new Set()).add(id))
      ids.push(id)
    }
    run?.announce(log.length)
    return ids
  }

  /** A request arrives: is each message's turn there, that comes for the first time? */
  function arrive(batch: Batch): void {
    requests += 1
    const before = new Set<number>()
    for (const { id } of batch.members) {
      const isFirst = !arrived.has(id) && !commanded.has(id)
      const { standsIn, waitsFor } = ordersOf(byId.get(id)!)
      for (const key of waitsFor) {
        const open = openIn.get(key) ?? []
        for (const o of open) {
          if (o >= id) break
          // a payload that is gone cannot come later
          if (isDone(o) || vanished.has(o) || commanded.has(o)) openIn.get(key)!.delete(o)
          else if (isFirst && !before.has(o)) outOfOrder += 1
        }
        if (isFirst && (lastIn.get(key) ?? 0) > id) outOfOrder += 1
      }
      if (isFirst) for (const key of standsIn) lastIn.set(key, Math.max(lastIn.get(key) ?? 0, id))
      before.add(id)
      arrived.add(id)
    }
  }

  async function exchange(batch: Batch, mayWrite: () => boolean, own: { now: boolean }): Promise<Exchange> {
    // a connection that takes long to be made
    if (chance(life.slow)) await after(2000)
    if (!mayWrite()) {
      const error = { code: 'unsent', message: 'not sent' } as const
      return { headers: {}, body: '', truncated: false, durationMs: 2000, error }
    }
    if (!own.now) late += 1
    arrive(batch)
    const { status = 200, latencyMs, failed = [] } = (mood ?? usual)(batch)
    await after(latencyMs)
    const ok = status >= 200 && status < 300
    const bad = new Set(failed)
    for (const { id } of batch.members) {
      if (!ok || bad.has(id)) continue
      delivered += 1
      if (!acknowledgedAt.has(id)) acknowledgedAt.set(id, now())
      else if (!commanded.has(id)) duplicated += 1
    }
    await after(1)
    const body = failed.length === 0 ? '' : JSON.stringify({ failed: failed.map(String) })
    if (status === 0) {
      const error = { code: 'closed', message: 'the receiver closed the connection' } as const
      return { headers: {}, body: '', truncated: false, durationMs: latencyMs, error }
    }
    return { status, headers: {}, body, truncated: false, durationMs: latencyMs }
  }

  const isPoisoned = (id: number) => Number(byId.get(id)!.pks[0]) < life.poisoned
  function usual(batch: Batch): ReturnType<Mood> {
    const latencyMs = chance(life.slow) ? 3000 : 1 + Math.floor(random() * 20)
    const ids = batch.members.map(({ id }) => id)
    if (ids.some(isPoisoned)) return { status: 500, latencyMs }
    if (chance(life.flaky)) return { status: chance(0.5) ? 500 : 0, latencyMs }
    if (chance(life.flaky)) return { latencyMs, failed: ids.filter(() => chance(0.5)) }
    return { latencyMs }
  }

  /** @param mayComeLate what is sent over a connection that breaks may be done long after it was given up */
  async function database<T>(work: () => T, mayComeLate = false): Promise<T> {
    await after(1)
    if (chance(databaseFails)) {
      if (mayComeLate && chance(0.3)) setTimeout(work, random() * 3000)
      throw new Error('the database is away')
    }
    const result = work()
    await after(1)
    if (chance(databaseFails)) throw new Error('the answer got lost')
    return result
  }

  function sourceFrom(last: number): Source {
    return {
      announce() {},
      get hasMore() {
        return (log.at(-1)?.event_id ?? 0) > last
      },
      async next(limit) {
        const rows = await database(() => {
          const left = log.filter(
            ({ event_id: id }) => id > last && !vanished.has(id) && !stream.discarded.has(id),
          )
          return left.slice(0, Math.min(limit, 1 + Math.floor(random() * 40)))
        })
        if (rows.length === 0) return null
        last = rows.at(-1)!.event_id
        return {
          rows: rows.map((r) => ({ ...r })),
          position: { from: 1, to: 2, last },
          window: { from: 1, to: 2 },
          backfill: null,
        }
      },
    }
  }

  const find = (ids: readonly number[]) =>
    ids.flatMap((id) => (vanished.has(id) ? [] : [{ ...byId.get(id)! }]))

  function decide(rows: EventRow[]): Decided {
    const stale = rows.filter(({ undecided }) => undecided && isStale).map(({ event_id: id }) => id)
    return { rows, errors: [], stale: new Set(stale) }
  }

  async function start(underWay: UnderWay[] = [], own = { now: true }): Promise<void> {
    clearTimeout(revival)
    mayRun = own
    const token = (stream.token += 1)
    stream.save = 0
    const scope = `s${(runs += 1)}`
    for (const table of target.tables.values()) table.stale = isStale ? 'altered' : null
    const stored = { ...load(stream, now()), barred: barred() }
    const saved = await resolveStale(
      target,
      stored,
      async (ids) => find(ids),
      async (rows) => decide(rows),
    )
    // killed meanwhile, or begun by another
    if (!own.now || stream.token !== token) return
    circuit = createCircuit(stream.circuit)
    const book = openBook({
      position: stream.position,
      delivered: stream.delivered,
      delayMs: 40,
      saved: stream.save,
      save: (number, position, delivered, ops) =>
        database(
          () =>
            save(
              stream,
              token,
              number,
              position,
              delivered,
              ops === null ? null : structuredClone(ops),
              now(),
            ),
          true,
        ),
      onLost: () => mine.abort(),
      onError: () => {},
    })
    for (const op of saved.ops) op(book.ops)
    const mine = startRun({
      scope,
      target,
      source: sourceFrom(stream.position.last),
      book,
      circuit,
      pacer: createPacer(null),
      saved: saved.state,
      underWay,
      exchange: (batch, mayWrite) => exchange(batch, mayWrite, own),
      fetch: (ids) => database(() => find(ids)),
      decide: (rows) => database(() => decide(rows)),
      mayRun: () => own.now,
      onIdle: () => {},
      onError: () => {},
      onFault() {
        if (run !== mine) return
        run = undefined
        revival = setTimeout(() => void start(), 5000)
      },
      idleMs: 3000,
    })
    run = mine
  }

  const pass = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms)
  }

  /** Stops the run, does something to what is stored, and begins anew with the requests that are under way. */
  async function restart(work: () => void): Promise<void> {
    const leave = new AbortController()
    let left: UnderWay[] | undefined
    const before = run
    run = undefined
    void before?.stop(leave.signal).then((requests) => (left = requests))
    await pass(Math.floor(random() * 20))
    leave.abort()
    for (let ms = 0; before !== undefined && left === undefined && ms < 600_000; ms += 50) await pass(50)
    work()
    await start(left, before === undefined ? undefined : mayRun)
  }

  function someOfAll(): number[] {
    const share = random()
    const isOld = chance(0.5)
    return log.flatMap(({ event_id: id }, i) =>
      (isOld ? i < log.length * share : chance(share)) && !vanished.has(id) ? [id] : [],
    )
  }

  const lost = () => log.filter(({ event_id: id }) => !isDone(id)).length

  return {
    random,
    change,
    start: () => void start(),
    pass,
    get lost() {
      return lost()
    },
    get ungrouped() {
      return [...stream.ungrouped].filter((id) => byId.get(id)!.source_id !== unorderedSource).length
    },
    get duplicated() {
      return duplicated
    },
    get outOfOrder() {
      return outOfOrder
    },
    get late() {
      return late
    },
    get delivered() {
      return delivered
    },
    get storedDelivered() {
      return stream.delivered
    },
    get stateRows() {
      return stateRows(stream)
    },
    get requests() {
      return requests
    },
    get circuit() {
      return circuit
    },
    acknowledgedAt,
    setMood: (next) => {
      mood = next
    },
    setDatabaseFails: (share) => {
      databaseFails = share
    },
    kill() {
      clearTimeout(revival)
      mayRun.now = false
      run?.abort()
      run = undefined
    },
    freeze() {
      mayRun.now = false
      run = undefined
    },
    reload: () => restart(() => {}),
    edit: () =>
      restart(() => {
        for (const table of target.tables.values()) table.former = chance(0.15)
      }),
    async alter() {
      isStale = !isStale
      change(Math.floor(random() * 20))
      await pass(Math.floor(random() * 1500))
      if (chance(0.3)) {
        // before anybody noticed: what the run was begun with holds again
        isStale = !isStale
        change(Math.floor(random() * 20))
      } else await restart(() => {})
    },
    command: (kind) =>
      restart(() => {
        const ids = log.flatMap(({ event_id: id }) => (chance(0.3) ? [id] : []))
        for (const id of ids) commanded.add(id)
        const groupsOf = (id: number) => groupKeys(target, byId.get(id)!)
        if (kind === 'discard') discard(stream, ids, groupsOf, now())
        else
          redeliver(
            stream,
            ids.filter((id) => !vanished.has(id)),
            groupsOf,
            now(),
          )
      }),
    vanish(ids = someOfAll()) {
      for (const id of ids) vanished.add(id)
      cap(stream, ids)
    },
    async drain() {
      const done = run?.stop()
      run = undefined
      let over = false
      void done?.then(() => (over = true))
      for (let ms = 0; done !== undefined && !over && ms < 600_000; ms += 50) await pass(50)
    },
    async settle() {
      mood = () => ({ latencyMs: 5 })
      databaseFails = 0
      faults = 0
      while (isStale) await this.alter()
      if (run === undefined) await start()
      for (let ms = 0; ms < 3_600_000 && (lost() > 0 || stateRows(stream) > 0); ms += 500) {
        await pass(500)
        // what dispatchers do once a second
        run?.wake()
        if (run?.isOutdated === true) await restart(() => {})
      }
    },
  }
}

function targetOf(life: Life, isFaulty: () => boolean): Target {
  const orRaise = <T>(value: T): T => {
    if (isFaulty()) throw new Error('a fault of ours')
    return value
  }
  return {
    tables: new Map([
      [sourceId, { groupColumns: null, stale: null, former: false }],
      [unorderedSource, { groupColumns: [], stale: null, former: false }],
    ]),
    concurrency: life.concurrency,
    batchSize: life.batchSize,
    batchTimeoutMs: 0,
    get maxRetryCount() {
      return orRaise(life.maxRetryCount)
    },
    get maxMessageBytes() {
      return orRaise(1_000_000)
    },
    rowsOnly: false,
    keyOf: (row: EventRow) => orRaise(String(row.event_id)),
  } as unknown as Target
}

/** mulberry32: small, and good enough to choose. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
