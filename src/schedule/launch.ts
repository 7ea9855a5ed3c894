// Makes the run of a stream whose lease this dispatcher holds: its sink as it is now, what an earlier run
// left, the source that it reads, and the parts of src/deliver. When it starts and ends is the runner's
// business.
import type { Logger } from 'pino'
import type { Sql } from 'postgres'
import { openBook } from '../deliver/book.ts'
import { createCircuit } from '../deliver/circuit.ts'
import type { Journal } from '../deliver/journal.ts'
import { createPacer } from '../deliver/pacer.ts'
import { isForgotten } from '../deliver/read.ts'
import { createExchange } from '../deliver/request.ts'
import { startRun } from '../deliver/run.ts'
import type { Run } from '../deliver/run.ts'
import { createSave } from '../deliver/save.ts'
import type { Sender } from '../deliver/send.ts'
import { createLiveSource } from '../deliver/source.ts'
import type { LiveSource, Source } from '../deliver/source.ts'
import type { UnderWay } from '../deliver/state.ts'
import type { ClaimedStream } from '../deliver/store.ts'
import { hasStream, loadHeldRows, loadSink, loadState } from '../deliver/store.ts'
import { createTarget } from '../deliver/target.ts'
import type { Target } from '../deliver/target.ts'
import { createDecider, resolveStale } from '../deliver/verdict.ts'
import { fetchEvents, newestTick } from '../log/events.ts'
import { createTailReader } from '../log/tail.ts'
import type { Metrics } from '../metrics.ts'
import type { KeyRing } from '../secret/ring.ts'
import { traceRun } from '../trace.ts'
import type { RunTrace } from '../trace.ts'

export interface LaunchOptions {
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
  /** The newest tick that is known here. */
  newestTick(): number
  /** A backfill has taken so many ids of events for its rows. */
  drew(ids: number): void
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
  /** It has taken so many ids of events. */
  drew(ids: number): void
}

/** A run that has begun. */
export interface Launched {
  stream: ClaimedStream
  /** Of the sink that it runs with. */
  version: string
  run: Run
  trace: RunTrace | undefined
  /** The dispatcher's id that the lease is held under. */
  owner: string
}

/** What is told of a run. */
export interface LaunchHooks {
  begun(launched: Launched): void
  /** The lease is lost. */
  lost(streamId: string): void
  /** There has been nothing to do for a while. */
  idle(streamId: string): void
  /** A fault of ours ended it. */
  broken(streamId: string): void
}

/** What a run begins with beside what is stored. */
export interface Legacy {
  /** Requests of the run before that are not over yet. */
  underWay?: UnderWay[]
  /** The newest tick up to which that run has read. */
  read?: number
  /** These are only waited for: nothing is read or sent. */
  settlesOnly?: boolean
}

const idleMs = 3000

/** Why a run ended by itself. */
const cause = (error: unknown): string =>
  isForgotten(error)
    ? 'the database has forgotten what a run had read last, as after a failover to a standby that was behind'
    : 'a run broke off, by a fault of rowhook itself'
/** Whether rowhook.read_window says that the sink has a table which the run does not know. */
const isOutdated = (error: unknown): boolean => (error as { code?: unknown }).code === 'RH001'

/** Makes the function that begins runs. It begins none when the sink is gone. */
export function createLaunch(options: LaunchOptions, hooks: LaunchHooks) {
  const { sql, logger } = options
  const save = createSave(sql)
  const tail = createTailReader(sql)

  /** A lease is lost with the stream, too, when a person deletes its sink: nothing to worry about. */
  async function tellLost(streamId: string, name: string): Promise<void> {
    const isGone = (await hasStream(sql, streamId).catch(() => true)) === false
    if (isGone) logger.info({ sink: name }, 'the stream is gone with its sink or replay: its run ends')
    else logger.warn({ sink: name }, 'the stream was taken over by another dispatcher')
  }

  return async (stream: ClaimedStream, owner: string, legacy: Legacy = {}): Promise<void> => {
    // at once: each round trip is a part of the gap when a stream changes hands
    const [sink, stored] = await Promise.all([loadSink(sql, stream.sinkId), loadState(sql, stream.id)])
    if (sink === null) return
    const target = createTarget(sink, options.ring, options.version, options.clock(), stream.replayId)
    const decide = createDecider(sql, target, options.refreshSource)
    const fetch = (ids: number[]) => fetchEvents(sql, sink.id, ids)
    const saved = await resolveStale(target, stored, fetch, decide)
    const book = openBook({
      position: stream.position,
      delivered: stream.delivered,
      delayMs: 40,
      saved: stream.save,
      read: legacy.read,
      save: (number, position, delivered, ops) => save({ stream, number, position, delivered }, ops),
      onLost: () => {
        void tellLost(stream.id, sink.name)
        hooks.lost(stream.id)
      },
      onError: (error) =>
        logger.warn({ err: error, sink: sink.name }, 'progress could not be saved; trying again'),
    })
    for (const op of saved.ops) op(book.ops)
    const live = createLiveSource(sql, sink.id, () => sink.tables.map((t) => t.source_id), stream.position, {
      tail,
      read: legacy.read,
    })
    const heldRows = target.rowsOnly ? await loadHeldRows(sql, stream.id) : []
    const newest = target.rowsOnly ? await newestTick(sql) : 0
    // oxlint-disable-next-line prefer-const -- the source is needed to make the run that it may call
    let begun: Run | undefined
    const source = await options.makeSource(stream, target, live, {
      wake: () => begun?.wake(),
      slots: () => ({ free: begun?.free ?? 0, underWay: begun?.inFlight ?? 0 }),
      drew: options.drew,
    })
    const circuit = createCircuit({
      ...stream.circuit,
      nextAt: performance.now() + stream.circuit.waitMs,
    })
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
      underWay: legacy.underWay ?? [],
      settlesOnly: legacy.settlesOnly ?? false,
      heldRows,
      async exchange(batch, mayWrite) {
        const isRead = batch.members[0]?.payload?.action === 'r'
        const result = await exchange(batch, mayWrite)
        if (isRead) source.sent?.(result.durationMs, run.inFlight)
        return result
      },
      fetch,
      decide,
      // a dispatcher that was taken for dead goes on under another id
      mayRun: () => options.mayRun() && options.dispatcherId() === owner,
      onIdle: () => hooks.idle(stream.id),
      onError: (error) =>
        isOutdated(error)
          ? logger.debug(
              { sink: sink.name },
              'the sink has got another table: its run is about to begin anew',
            )
          : logger.warn({ err: error, sink: sink.name }, 'a step of a run failed; trying again'),
      onFault: (error) => {
        logger.error(
          { err: error, sink: sink.name },
          `${cause(error)}; it begins anew where progress was last saved`,
        )
        hooks.broken(stream.id)
      },
      onCircuit: (open) =>
        open
          ? logger.warn({ sink: sink.name }, 'every request fails: the circuit is open, probing')
          : logger.info({ sink: sink.name }, 'a probe succeeded: the circuit is closed'),
      idleMs,
    })
    begun = run
    hooks.begun({ stream, version: sink.version, run, trace, owner })
    // What was announced while this run was made reached nobody, and would wait for the next look at
    // lagging streams: nothing may come between the line above and asking for the newest tick.
    run.announce(Math.max(newest, options.newestTick()))
  }
}
