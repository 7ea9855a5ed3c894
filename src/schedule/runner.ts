// Runs of streams in this process: a stream is claimed, its run started, restarted when its sink was
// edited, and given back. Which streams, and when, is the dispatcher's business; how a run is made, launch.ts'.
import type { ClaimedStream } from '../deliver/store.ts'
import { claimStream, readStream, releaseHeld } from '../deliver/store.ts'
import type { UnderWay } from '../deliver/state.ts'
import { createLaunch } from './launch.ts'
import type { Launched, LaunchOptions } from './launch.ts'

export interface RunnerOptions extends LaunchOptions {
  /** Starts the stream again later, here or elsewhere: `inMs` 0 is at once. */
  requeue(streamId: string, inMs: number): Promise<void>
  /** Gives the lease back; undefined: without asking for another start. */
  giveBack(stream: ClaimedStream, inMs: number | undefined): Promise<void>
}

interface Running extends Launched {
  /** The newest tick that brought something for it. */
  announced: number
  /** A job of `ending` is about to end it, or to begin it anew. */
  restarting: boolean
}

export interface Runner {
  /** Claims a stream and runs it; false when it is not to be had. */
  start(streamId: string): Promise<boolean>
  /** Tells live runs of these sinks that there is a newer tick; how many of them run here. */
  announce(tick: number, sinkIds: readonly number[] | 'all'): number
  /**
   * Stops and starts the runs of sinks whose version is no longer the one they run with, and gives back what
   * could not be given back when it was to be.
   */
  sync(versions: Readonly<Record<string, string>>): void
  /** Stops the live run of a sink, does something meanwhile, and goes on; nothing when it runs elsewhere. */
  interrupt(sinkId: number, work: () => Promise<void>): Promise<void>
  /** Looks again at everything that may be sent. */
  wakeAll(): void
  /** Forgets all runs: their leases are lost. */
  abortAll(): void
  /** Drains all runs and gives their streams back, to be run by others at once. */
  drain(): Promise<void>
  sinkIds(): number[]
  /** Whether any run has something to do. */
  readonly active: boolean
  readonly size: number
  /** Monotonic milliseconds of the oldest sign of life among busy runs; undefined: none is busy. */
  stuckSince(): number | undefined
}

/** A run that is to begin anew waits so long for its requests to end. */
const leaveAfterMs = 1000
/** Longer than it takes a tick to be announced. */
const endedForMs = 5000
/** A run that broke off by a fault of ours may break off again: so long, nobody begins it anew. */
const brokenForMs = 5000

/** Makes the runner of a dispatcher. */
export function createRunner(options: RunnerOptions): Runner {
  const { sql, logger } = options
  const running = new Map<string, Running>()
  const starting = new Map<string, Promise<unknown>>()
  const ending = new Set<Promise<unknown>>()
  /** Live streams that were given back just now, by id; their sinks. */
  const ended = new Map<string, number>()
  /** Streams that this dispatcher may hold although it does not run them: the database was away, or its answer was lost. */
  const owed = new Set<string>()
  let draining = false
  const drainBegins = Promise.withResolvers<void>()
  const launch = createLaunch(options, {
    begun: (launched) =>
      void running.set(launched.stream.id, { ...launched, announced: 0, restarting: false }),
    lost: lose,
    idle: (streamId) => void end(streamId),
    broken,
  })

  async function start(streamId: string): Promise<boolean> {
    if (draining || running.has(streamId) || starting.has(streamId)) return false
    if (!options.mayRun()) {
      // another dispatcher may well; the job that asked for it is gone
      await options.requeue(streamId, 500)
      return false
    }
    return begin(streamId, claim(streamId))
  }

  /** Nothing else is begun with the stream meanwhile. */
  async function begin<T>(streamId: string, work: Promise<T>): Promise<T> {
    starting.set(streamId, work)
    try {
      return await work
    } finally {
      starting.delete(streamId)
    }
  }

  async function claim(streamId: string): Promise<boolean> {
    const owner = options.dispatcherId()
    const stream = await claimStream(sql, streamId, owner).catch((error: unknown) => {
      owed.add(streamId)
      throw error
    })
    if (stream === null) return false
    try {
      await launch(stream, owner)
      return true
    } catch (error) {
      logger.error({ err: error, stream: streamId }, 'a stream could not be started')
      await giveBack(stream, 5000)
      return false
    }
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

  /** @param inMs when the stream is to be started again, here or elsewhere; undefined: as soon as there is news for it */
  async function giveBack(stream: ClaimedStream, inMs: number | undefined): Promise<void> {
    try {
      await options.giveBack(stream, inMs)
    } catch (error) {
      logger.warn({ err: error, stream: stream.id }, 'a stream could not be given back; trying again')
      owed.add(stream.id)
    }
  }

  async function giveBackOwed(): Promise<void> {
    const owedOnes = [...owed].filter((id) => !starting.has(id))
    for (const id of owedOnes) owed.delete(id)
    await Promise.all(
      owedOnes.map(async (id) => {
        if (running.has(id)) return
        try {
          await begin(id, releaseHeld(sql, id, options.dispatcherId()))
          await options.requeue(id, 0)
        } catch {
          owed.add(id)
        }
      }),
    )
  }

  /** Does the last work with a run, which has been marked as restarting. */
  async function wrapUp({ stream }: Running, work: () => Promise<void>): Promise<void> {
    const job = work().catch(async (error: unknown) => {
      logger.warn({ err: error }, 'a run did not end as it should; its stream is given back')
      lose(stream.id)
      await giveBack(stream, 1000)
    })
    ending.add(job)
    await job
    ending.delete(job)
  }

  /** Ends a run and gives its stream back. */
  async function end(streamId: string): Promise<void> {
    const r = running.get(streamId)
    if (r === undefined || r.restarting) return
    r.restarting = true
    await wrapUp(r, async () => {
      await r.run.stop()
      const dueMs = r.run.nextDueMs()
      const isBehind = r.run.position.from < r.announced
      forget(streamId)
      if (!options.mayRun()) {
        // the lease may be over, or not after all
        owed.add(streamId)
        return
      }
      if (r.stream.replayId === null) noteEnded(streamId, r.stream.sinkId)
      // What others found out for it while it was still ours, they have told nobody: so when this
      // dispatcher goes, somebody has to look.
      const waits = r.run.waiting > 0 ? 0 : undefined
      await giveBack(r.stream, draining || isBehind ? 0 : (dueMs ?? waits))
    })
  }

  /** A fault of ours ended a run. Its lease is kept for a while, or it might break off again and again. */
  function broken(streamId: string): void {
    const r = running.get(streamId)
    // one that is about to end, or to begin anew, does
    if (r === undefined || r.restarting) return
    r.restarting = true
    forget(streamId)
    void wrapUp(r, async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, brokenForMs)
      await Promise.race([promise, drainBegins.promise])
      clearTimeout(timer)
      await giveBack(r.stream, 0)
    })
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
        (again) => again?.mayGoOn === true && !draining && leave.abort(),
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
    await wrapUp(r, async () => {
      const underWay = await stopSoon(r)
      forget(streamId)
      await work?.()
      const again = await readStream(sql, streamId, r.stream.token)
      if (again === null) return
      const isOver = draining || !again.mayGoOn
      // only a run can hear what comes of requests that are under way
      if (!isOver || underWay.length > 0)
        await launch(again.stream, r.owner, { underWay, read: r.run.read, settlesOnly: isOver })
      else await giveBack(r.stream, draining ? 0 : undefined)
      if (isOver) await end(streamId)
    })
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
        if (versions[String(r.stream.sinkId)] !== r.version || r.run.isOutdated) void restart(id)
      }
      void giveBackOwed()
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
      drainBegins.resolve()
      // what was about to start, or to start anew, when this began has to be ended, too
      while (running.size + starting.size + ending.size > 0) {
        await Promise.allSettled([...running.keys()].map((id) => end(id)))
        await Promise.allSettled([...starting.values(), ...ending])
      }
      await giveBackOwed()
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
