// Runs of streams in this process: a stream is claimed, its run started, restarted when its sink was
// edited, and given back. Which streams, and when, is the dispatcher's business.
import type { Logger } from 'pino'
import type { Sql } from 'postgres'
import { openBook } from '../deliver/book.ts'
import { createCircuit } from '../deliver/circuit.ts'
import type { Journal } from '../deliver/journal.ts'
import { createPacer } from '../deliver/pacer.ts'
import { startRun } from '../deliver/run.ts'
import type { Run } from '../deliver/run.ts'
import { createSave } from '../deliver/save.ts'
import type { UnderWay } from '../deliver/state.ts'
import type { Sender } from '../deliver/send.ts'
import { createLiveSource } from '../deliver/source.ts'
import type { LiveSource, Source } from '../deliver/source.ts'
import type { ClaimedStream } from '../deliver/store.ts'
import {
  claimStream,
  loadHeldRows,
  loadSink,
  loadState,
  readStream,
  releaseStream,
} from '../deliver/store.ts'
import { createTarget } from '../deliver/target.ts'
import type { Target } from '../deliver/target.ts'
import { createDecider, resolveStale } from '../deliver/verdict.ts'
import { createExchange } from '../deliver/request.ts'
import { fetchEvents, newestTick } from '../log/events.ts'
import type { Metrics } from '../metrics.ts'
import type { KeyRing } from '../secret/ring.ts'
import { traceRun } from '../trace.ts'
import type { RunTrace } from '../trace.ts'

export interface RunnerOptions {
  sql: Sql
  sender: Sender
  journal: Journal
  ring: KeyRing
  version: string
  logger: Logger
  metrics: Metrics
  dispatcherId(): string
  /** Whether this dispatcher's leases are certainly its own still. */
  mayRun(): boolean
  /** Unix milliseconds by the database's clock. */
  clock(): number
  /** Starts the stream again later, here or elsewhere: `inMs` 0 is at once. */
  requeue(streamId: string, inMs: number): Promise<void>
  /** The newest tick that is known here. */
  newestTick(): number
  /** A table of this source needs its capture made anew. */
  refreshSource(sourceId: number): Promise<void>
  /** Makes the source of a replay, or wraps the live one while a backfill is active. */
  makeSource(stream: ClaimedStream, target: Target, live: LiveSource, run: RunHooks): Promise<Source>
}

/** What a source may ask of the run that reads it. */
export interface RunHooks {
  /** There is something to read. */
  wake(): void
  /** Requests that could begin at once, and those that are under way. */
  slots(): { free: number; underWay: number }
}

interface Running {
  stream: ClaimedStream
  version: string
  run: Run
  target: Target
  trace: RunTrace | undefined
  /** The dispatcher's id that the lease is held under. */
  owner: string
  /** The newest tick that brought something for it. */
  announced: number
  restarting: boolean
}

export interface Runner {
  /** Claims a stream and runs it; false when it is not to be had. */
  start(streamId: string): Promise<boolean>
  /** Tells live runs of these sinks that there is a newer tick; how many of them run here. */
  announce(tick: number, sinkIds: readonly number[] | 'all'): number
  /** Stops and starts the runs of sinks whose version is no longer the one they run with. */
  sync(versions: Readonly<Record<string, string>>): void
  /** Stops the live run of a sink, does something meanwhile, and goes on; nothing when it runs elsewhere. */
  interrupt(sinkId: number, work: () => Promise<void>): Promise<void>
  /** Looks again at everything that may be sent. */
  wakeAll(): void
  /** Forgets all runs: their leases are lost. */
  abortAll(): void
  /** Drains all runs and gives their streams back; those with work left are queued for others. */
  drain(): Promise<void>
  sinkIds(): number[]
  /** Whether any run has something to do. */
  readonly active: boolean
  readonly size: number
  /** Monotonic milliseconds of the oldest sign of life among busy runs; undefined: none is busy. */
  stuckSince(): number | undefined
}

const idleMs = 3000
/** A run that is to begin anew waits so long for its requests to end. */
const leaveAfterMs = 1000
/** Longer than it takes a tick to be announced. */
const endedForMs = 5000

/** Makes the runner of a dispatcher. */
export function createRunner(options: RunnerOptions): Runner {
  const { sql, logger } = options
  const running = new Map<string, Running>()
  const starting = new Set<string>()
  const ending = new Set<Promise<unknown>>()
  /** Live streams that were given back just now, by id; their sinks. */
  const ended = new Map<string, number>()
  const save = createSave(sql)
  let draining = false

  async function start(streamId: string): Promise<boolean> {
    if (draining || running.has(streamId) || starting.has(streamId)) return false
    if (!options.mayRun()) {
      // another dispatcher may well; the job that asked for it is gone
      await options.requeue(streamId, 500)
      return false
    }
    starting.add(streamId)
    try {
      const owner = options.dispatcherId()
      const stream = await claimStream(sql, streamId, owner)
      if (stream === null) return false
      try {
        await launch(stream, owner)
      } catch (error) {
        logger.error({ err: error, stream: streamId }, 'a stream could not be started')
        await releaseStream(sql, stream).catch(() => {})
        await options.requeue(streamId, 5000).catch(() => {})
        return false
      }
      return true
    } finally {
      starting.delete(streamId)
    }
  }

  async function launch(stream: ClaimedStream, owner: string, underWay: UnderWay[] = []): Promise<void> {
    const sink = await loadSink(sql, stream.sinkId)
    if (sink === null) return
    const target = createTarget(sink, options.ring, options.version, options.clock(), stream.replayId)
    const decide = createDecider(sql, target, options.refreshSource)
    const saved = await resolveStale(sql, target, stream, await loadState(sql, stream.id), decide)
    const book = openBook({
      position: stream.position,
      delivered: stream.delivered,
      delayMs: 40,
      save: (position, delivered, ops) => save(stream, position, delivered, ops),
      onLost: () => {
        logger.warn({ sink: sink.name }, 'the stream was taken over by another dispatcher')
        lose(stream.id)
      },
      onError: (error) =>
        logger.warn({ err: error, sink: sink.name }, 'progress could not be saved; trying again'),
    })
    for (const op of saved.ops) op(book.ops)
    const live = createLiveSource(sql, sink.id, () => sink.tables.map((t) => t.source_id), stream.position)
    const heldRows = target.rowsOnly ? await loadHeldRows(sql, stream.id) : []
    const newest = target.rowsOnly ? await newestTick(sql) : 0
    // oxlint-disable-next-line prefer-const -- the source is needed to make the run that it may call
    let begun: Run | undefined
    const source = await options.makeSource(stream, target, live, {
      wake: () => begun?.wake(),
      slots: () => ({ free: begun?.free ?? 0, underWay: begun?.inFlight ?? 0 }),
    })
    const now = performance.now()
    const circuit = createCircuit({ ...stream.circuit, nextAt: now + stream.circuit.waitMs })
    const trace = traceRun(sink.name, stream.replayId)
    const exchange = createExchange({
      target,
      sender: options.sender,
      journal: options.journal,
      metrics: options.metrics,
      clock: options.clock,
      connectionKey: `stream:${stream.id}`,
      replayId: stream.replayId,
      trace,
    })
    const run = startRun({
      scope: `${target.installation}-${stream.replayId === null ? sink.id : stream.replayId.slice(0, 8)}`,
      target,
      source,
      book,
      circuit,
      pacer: createPacer(target.sink.rate_limit),
      saved: saved.state,
      underWay,
      heldRows,
      async exchange(batch) {
        const isRead = batch.members[0]?.payload?.action === 'r'
        const result = await exchange(batch)
        if (isRead) source.sent?.(result.durationMs, run.inFlight)
        return result
      },
      fetch: (ids) => fetchEvents(sql, sink.id, ids),
      decide,
      // a dispatcher that was taken for dead goes on under another id
      mayRun: () => options.mayRun() && options.dispatcherId() === owner,
      onIdle: () => void end(stream.id),
      onError: (error) =>
        logger.warn({ err: error, sink: sink.name }, 'a step of a run failed; trying again'),
      onCircuit: (open) =>
        open
          ? logger.warn({ sink: sink.name }, 'every request fails: the circuit is open, probing')
          : logger.info({ sink: sink.name }, 'a probe succeeded: the circuit is closed'),
      idleMs,
    })
    begun = run
    running.set(stream.id, {
      stream,
      version: sink.version,
      run,
      target,
      trace,
      owner,
      announced: 0,
      restarting: false,
    })
    // What was announced while this run was made reached nobody, and would wait for the next look at
    // lagging streams: nothing may come between the line above and asking for the newest tick.
    run.announce(Math.max(newest, options.newestTick()))
  }

  function lose(streamId: string): void {
    const r = running.get(streamId)
    if (r === undefined) return
    r.run.abort()
    forget(streamId)
  }

  function forget(streamId: string): void {
    running.get(streamId)?.trace?.end()
    running.delete(streamId)
    options.sender.forget(`stream:${streamId}`)
  }

  /** Ends a run and gives its stream back. */
  async function end(streamId: string): Promise<void> {
    const r = running.get(streamId)
    if (r === undefined || r.restarting) return
    r.restarting = true
    const work = (async () => {
      await r.run.stop()
      const dueMs = r.run.nextDueMs()
      forget(streamId)
      // the lease is over, or nearly: it goes by itself
      if (!options.mayRun()) return
      if (r.stream.replayId === null) noteEnded(streamId, r.stream.sinkId)
      await releaseStream(sql, r.stream)
      if (r.run.position.from < r.announced) await options.requeue(streamId, 0)
      else if (dueMs !== undefined || r.run.waiting > 0) await options.requeue(streamId, dueMs ?? 0)
    })().catch((error: unknown) => logger.warn({ err: error }, 'a run did not end cleanly'))
    ending.add(work)
    await work
    ending.delete(work)
  }

  // A tick that was taken while the stream was still ours may be announced when it is no longer.
  function noteEnded(streamId: string, sinkId: number): void {
    ended.set(streamId, sinkId)
    setTimeout(() => ended.delete(streamId), endedForMs).unref()
  }

  // A receiver may take minutes to answer, and meanwhile the sink's other groups would wait. While the
  // sink is active, such requests are left to the next run; else all of them end first.
  async function stopSoon({ run, stream }: Running): Promise<UnderWay[]> {
    const leave = new AbortController()
    const timer = setInterval(() => {
      if (draining) return
      void readStream(sql, stream.id, stream.token).then(
        (active) => active !== null && !draining && leave.abort(),
        (error: unknown) => logger.warn({ err: error }, 'a stream could not be read; trying again'),
      )
    }, leaveAfterMs)
    try {
      return await run.stop(leave.signal)
    } finally {
      clearInterval(timer)
    }
  }

  /** Stops a run, does `work`, and starts it anew under the same lease. */
  async function restart(streamId: string, work?: () => Promise<void>): Promise<void> {
    const r = running.get(streamId)
    if (r === undefined || r.restarting) return
    r.restarting = true
    const job = (async () => {
      const underWay = await stopSoon(r)
      forget(streamId)
      await work?.()
      const again = draining ? null : await readStream(sql, streamId, r.stream.token)
      if (again === null) {
        await releaseStream(sql, r.stream)
        return
      }
      await launch(again, r.owner, underWay)
    })().catch(async (error: unknown) => {
      logger.warn({ err: error }, 'a run could not be restarted; its stream is given back')
      running.delete(streamId)
      await releaseStream(sql, r.stream).catch(() => {})
      await options.requeue(streamId, 1000).catch(() => {})
    })
    ending.add(job)
    await job
    ending.delete(job)
  }

  function tell(r: Running, tick: number): void {
    r.announced = tick
    r.run.announce(tick)
  }

  return {
    start,
    announce(tick, sinkIds) {
      let told = 0
      for (const r of running.values()) {
        if (r.stream.replayId !== null || (sinkIds !== 'all' && !sinkIds.includes(r.stream.sinkId))) continue
        tell(r, tick)
        told++
      }
      if (sinkIds === 'all') return told
      for (const [streamId, sinkId] of ended) {
        if (running.has(streamId) || !sinkIds.includes(sinkId)) continue
        void options.requeue(streamId, 0).catch(() => {})
      }
      return told
    },
    sync(versions) {
      for (const [id, r] of running) {
        if (versions[String(r.stream.sinkId)] !== r.version) void restart(id)
      }
    },
    async interrupt(sinkId, work) {
      const live = [...running].find(([, r]) => r.stream.sinkId === sinkId && r.stream.replayId === null)
      if (live !== undefined) await restart(live[0], work)
    },
    wakeAll() {
      for (const r of running.values()) r.run.wake()
    },
    abortAll() {
      for (const id of running.keys()) lose(id)
    },
    async drain() {
      draining = true
      await Promise.all([...running.keys()].map((id) => end(id)))
      await Promise.all(ending)
    },
    sinkIds: () => [...running.values()].map((r) => r.stream.sinkId),
    get active() {
      for (const { run } of running.values()) if (run.inFlight > 0 || run.waiting > 0) return true
      return false
    },
    get size() {
      return running.size
    },
    stuckSince() {
      let oldest: number | undefined
      for (const { run } of running.values()) {
        if (run.inFlight > 0 || run.waiting === 0) continue
        oldest = Math.min(oldest ?? Infinity, run.progressAt)
      }
      return oldest
    },
  }
}
