// The dispatcher of this process: it beats, takes ticks while events flow and sleeps on LISTEN when
// they don't, sees to it that every stream with work is run by somebody, and takes over from the dead.
// Runs themselves are in runner.ts, jobs in worker.ts.
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { Sql } from 'postgres'
import type { Metrics } from '../metrics.ts'
import { pulse } from '../log/events.ts'
import type { Runner } from './runner.ts'
import { within } from './within.ts'

/** Milliseconds. The sum of the last two bounds how long a dead dispatcher's streams stand still. */
const timing = {
  /** Between heartbeats, and between looks at the log while asleep. */
  beat: 1000,
  /** Without a confirmed beat for so long, this process sends nothing: others may have taken over. */
  lease: 5000,
  /** Between ticks while events flow. */
  busy: 3,
  /** Between ticks when nothing has come for `restAfter`. */
  resting: 10,
  restAfter: 300,
  /** For every run that a tick makes read, and for all of them at most, until the next: mostly they share a read. */
  read: 0.25,
  manyReads: 50,
  /** For every event that a tick brings, and for all of them at most, until the next. */
  event: 0.25,
  manyEvents: 25,
  /** How much of what a tick takes "lately" is the last one. */
  recent: 0.1,
  sleepAfter: 1500,
  /** Between looks while asleep where LISTEN does not work (behind a transaction pooler). */
  deafSleep: 300,
}

export interface DispatcherOptions {
  sql: Sql
  logger: Logger
  metrics: Metrics
  version: string
  /** False behind a transaction pooler: the LISTEN would stay behind in a session of somebody else's. */
  mayListen: boolean
  makeRunner(hooks: {
    dispatcherId(): string
    mayRun(): boolean
    clock(): number
    newestTick(): number
    drew(ids: number): void
  }): Runner
  /** Queues the start of streams as jobs. */
  queue(streamIds: readonly string[]): Promise<void>
  /** Called with dispatchers that were found dead. */
  onDead(ids: readonly string[]): Promise<void>
  applyCommands(sinkId: number): Promise<void>
  /** The database is silent: its connections are to be given up, and made anew. */
  reconnect(): void
}

export interface Dispatcher {
  readonly id: string
  readonly runner: Runner
  start(): Promise<void>
  /** Stops taking ticks; drains; gives everything back. */
  drain(): Promise<void>
  /** Why this dispatcher makes no progress; undefined: it does. */
  trouble(): string | undefined
  /** Whether NOTIFY arrives here. */
  readonly hears: boolean
  clock(): number
}

interface Beat {
  alive: boolean
  dead: string[]
  orphans: string[]
  sinks: Record<string, string>
  commands: number[]
  tick: number | null
  due: number[]
  now_ms: number
}

/** Makes a dispatcher; start() begins. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { sql, logger, metrics } = options
  let id: string = randomUUID()
  /** An id under which this process still holds leases, but runs nothing any more. */
  let former: string | undefined
  let validUntil = 0
  let clockOffset = 0
  let known: number | null = null
  let asleep = false
  let stopping = false
  /** Ids that backfills here have taken for their rows: news to nobody. */
  let drawn = 0
  let lastNews = performance.now()
  let lastPulse = performance.now()
  let lastBeat = 0
  let hears = false
  let wakeUp: (() => void) | undefined
  let beatNow: (() => void) | undefined
  let stopListening: (() => Promise<void>) | undefined
  const loops: Promise<void>[] = []

  const now = (): number => performance.now()
  // The database's clock, carried on from beat to beat by one that nobody sets: this machine's time of
  // day may jump, and between two beats signatures and retries would be off by the jump.
  const clock = (): number => now() + clockOffset
  const runner = options.makeRunner({
    dispatcherId: () => id,
    mayRun: () => former === undefined && now() < validUntil,
    clock,
    newestTick: () => known ?? 0,
    drew: (ids) => (drawn = Math.max(0, drawn + ids)),
  })

  const pause = (ms: number, hold: (wake: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      hold(() => {
        clearTimeout(timer)
        resolve()
      })
    })

  // Runs that were given up leave their leases behind: under another id, they are anybody's again.
  async function beginAnew(old: string): Promise<void> {
    if (id === old) id = randomUUID()
    await sql`select rowhook.bury(${[old]})`
    await register()
    former = undefined
    // by then it may be one that was pruned
    known = null
  }

  async function register(): Promise<void> {
    await sql`
      insert into rowhook.dispatcher (id, host, pid, version, beat_at)
      values (${id}, ${hostname()}, ${process.pid}, ${options.version}, rowhook.now())
      on conflict (id) do nothing`
  }

  // Beat ------------------------------------------------------------------------------------------

  async function beat(): Promise<void> {
    if (former !== undefined) await beginAnew(former)
    const began = now()
    const idle = !stopping && began - lastNews > timing.sleepAfter && !runner.active
    const [row] = await sql`
      select alive, dead::text[] as dead, orphans::text[] as orphans, sinks::text as sinks, commands,
        tick_id::float8 as tick, due, now_ms
      from rowhook.beat(${id}, ${idle}, ${known})`
    metrics.roundTrips.inc({ kind: 'beat' })
    const b = { ...row, sinks: JSON.parse(row!['sinks'] as string) as Record<string, string> } as Beat
    clockOffset = b.now_ms - (began + now()) / 2
    if (!b.alive) {
      giveUp('other dispatchers took this one for dead, or the database has lost its last ticks')
      return
    }
    validUntil = Math.max(validUntil, began + timing.lease)
    lastBeat = now()
    // news of meanwhile may have been told before the answer came, and is told once
    asleep = idle && lastNews < began
    if (b.dead.length > 0) {
      logger.warn({ dispatchers: b.dead }, 'took over from dispatchers that fell silent')
      await options.onDead(b.dead)
    }
    if (stopping) return
    if (b.tick !== null && b.tick !== known && idle) {
      const due = known === null ? 'all' : b.due
      known = b.tick
      if (b.due.length > 0) news()
      runner.announce(b.tick, due)
    }
    runner.sync(b.sinks)
    for (const sinkId of b.commands) {
      if (runner.sinkIds().includes(sinkId))
        void runner.interrupt(sinkId, () => options.applyCommands(sinkId))
    }
    if (b.orphans.length > 0) await options.queue(b.orphans)
    runner.wakeAll()
    metrics.runs.set(runner.size)
  }

  function giveUpWhenLate(): void {
    if (now() <= validUntil) return
    if (runner.size > 0) logger.warn('the database is away for too long: deliveries stop until it is back')
    runner.abortAll()
    former ??= id
    // queries that wait for an answer would wait for as long as TCP does
    options.reconnect()
  }

  /** What is in memory no longer holds: the next beat begins at what is saved. */
  function giveUp(why: string): void {
    logger.warn(`${why}; beginning anew`)
    runner.abortAll()
    former = id
    known = null
    beatNow?.()
  }

  async function beatLoop(): Promise<void> {
    while (!stopping) {
      try {
        await within(timing.lease, beat())
      } catch (error) {
        logger.warn({ err: error }, 'the heartbeat failed; trying again')
        giveUpWhenLate()
      }
      await pause(asleep && !hears ? timing.deafSleep : timing.beat, (wake) => (beatNow = wake))
    }
  }

  // Ticks -----------------------------------------------------------------------------------------

  function news(): void {
    lastNews = now()
    if (asleep) {
      asleep = false
      wakeUp?.()
    }
  }

  /** How many runs here have something to read because of it, and how many events there are. */
  async function tick(): Promise<{ readers: number; events: number }> {
    const p = await pulse(sql, known)
    metrics.roundTrips.inc({ kind: 'pulse' })
    lastPulse = now()
    // what begins anew with the next beat asks by itself what there is
    if (p.tick === known || former !== undefined) return { readers: 0, events: 0 }
    // A server that lost its last commits, as a standby that was behind when it was promoted, gives the ids of events
    // once more: who went by the old ones has to begin at what it has saved.
    if (p.news === null) {
      giveUp('the database has lost its last ticks, as after a failover')
      return { readers: 0, events: 0 }
    }
    metrics.ticks.inc()
    const due = known === null ? 'all' : p.due
    known = p.tick
    lastNews = now()
    const readers = runner.announce(p.tick, due)
    if (p.orphans.length > 0) await options.queue(p.orphans)
    const own = Math.min(drawn, p.news)
    drawn -= own
    return { readers, events: p.news - own }
  }

  async function tickLoop(): Promise<void> {
    /** Milliseconds that a tick takes lately. */
    let usual = 0
    while (!stopping) {
      if (asleep) {
        // beat() looks at the log once a second meanwhile
        await pause(timing.beat, (wake) => (wakeUp = wake))
        lastPulse = now()
        if (asleep) continue
      }
      const began = now()
      let found = { readers: 0, events: 0 }
      try {
        found = await tick()
      } catch (error) {
        logger.warn({ err: error }, 'no tick could be taken; trying again')
        await pause(500, (wake) => (wakeUp = wake))
      }
      const quiet = now() - lastNews > timing.restAfter
      // A tick that costs much is taken less often, by itself (never more than half of the time, but a single one
      // that had to wait for something is no reason to wait as long again) and by what is read because of it: with
      // many sinks, that would be most of the database's work.
      usual += (now() - began - usual) * timing.recent
      const reads = Math.min(found.readers * timing.read, timing.manyReads)
      // And where thousands of events come a second: what a tick and its reads cost besides is then taken from
      // those who write them.
      const events = Math.min(found.events * timing.event, timing.manyEvents)
      const rest = Math.max(quiet ? timing.resting : timing.busy, usual, reads, events)
      await pause(rest, (wake) => (wakeUp = wake))
    }
  }

  // Wake-ups --------------------------------------------------------------------------------------

  async function listen(): Promise<void> {
    const probe = `probe:${id}`
    const listener = await sql.listen(
      'rowhook_wake',
      (payload) => {
        hears = true
        if (payload === probe) return
        if (payload === 'config' || payload.startsWith('command')) beatNow?.()
        else {
          lastNews = now()
          asleep = false
          wakeUp?.()
        }
      },
      () => {
        // (re)connected: behind a transaction pooler this succeeds, and nothing ever arrives
        hears = false
        void sql.notify('rowhook_wake', probe).catch(() => {})
      },
    )
    stopListening = () => listener.unlisten()
  }

  return {
    get id() {
      return id
    },
    runner,
    get hears() {
      return hears
    },
    clock,
    async start() {
      await register()
      if (options.mayListen) await listen()
      await beat()
      loops.push(beatLoop(), tickLoop())
    },
    async drain() {
      stopping = true
      wakeUp?.()
      beatNow?.()
      // the lease must stay good while requests in flight finish
      const lost = Promise.withResolvers<void>()
      let beating = false
      const timer = setInterval(() => {
        if (beating) return
        beating = true
        void within(timing.lease, beat())
          .catch(() => {
            giveUpWhenLate()
            if (now() > validUntil) lost.resolve()
          })
          .finally(() => (beating = false))
      }, timing.beat)
      const told = sql`update rowhook.dispatcher set draining = true where id = ${id}`.catch(() => {})
      // At once: nobody tells the runs any more what there is to read, and they are in others' way.
      // Without the database, there is nothing to give back: others take over.
      await Promise.race([Promise.all([runner.drain(), told, ...loops]), lost.promise])
      clearInterval(timer)
      const bye = sql`delete from rowhook.dispatcher where id = ${id}`
      await within(1000, Promise.all([stopListening?.(), bye])).catch(() => {})
    },
    trouble() {
      const t = now()
      if (t - lastBeat > timing.lease) return 'no heartbeat reached the database for 5 s'
      if (t - lastPulse > 10_000) return 'the log was not looked at for 10 s'
      const stuck = runner.stuckSince()
      if (stuck !== undefined && t - stuck > 60_000) return 'a run has made no progress for 60 s'
      return undefined
    },
  }
}
