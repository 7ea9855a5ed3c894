// Takes messages out of the lanes and sends them, as many requests at once as the sink allows: new
// ones, frozen batches whose time has come, and probes while the circuit is open.
import type { EventRow } from '../log/events.ts'
import { advance, firstBatchId } from './batch.ts'
import type { Batch } from './batch.ts'
import { cancelProbe, probe, probeDelayMs } from './circuit.ts'
import type { Tier } from './circuit.ts'
import type { Exchange } from './exchange.ts'
import type { Message } from './lanes.ts'
import type { Loader } from './payload.ts'
import type { Settler } from './settle.ts'
import type { RunState, UnderWay } from './state.ts'

/** Bytes of one request's body, about: a batch of large records is cut there. */
const maxBodyBytes = 8 * 1024 * 1024

/** A longer timer fires at once. A rate limit may ask for one: one request in a month. */
const maxTimerMs = 2 ** 31 - 1

export interface Pump {
  /** Begins as many requests as may begin now. */
  send(): void
  /** A request of the run before is still under way: it takes a slot here, and is finished here. */
  adopt(request: UnderWay): void
  /** Forgets its timers. */
  clear(): void
}

export interface PumpParts {
  settler: Settler
  loader: Loader
  /** A frozen batch could not be sent for a reason of ours: again soon, the same attempt. */
  postpone(batch: Batch): void
  /** A waiting message is being sent. */
  forget(m: Message<EventRow>): void
}

/** Makes the pump of one run. */
export function createPump(state: RunState, { settler, loader, postpone, forget }: PumpParts): Pump {
  const { options, lanes } = state
  const { target, circuit, pacer } = options
  /** Frozen batches that have a slot. */
  const retrying = new Set<Batch>()
  let retryTurn = false
  let trustedNext = false
  const timers: Record<'pace' | 'fill' | 'probe', NodeJS.Timeout | undefined> = {
    pace: undefined,
    fill: undefined,
    probe: undefined,
  }
  const now = (): number => performance.now()

  function again(timer: keyof typeof timers, ms: number): void {
    timers[timer] ??= setTimeout(
      () => {
        timers[timer] = undefined
        state.pump()
        // a fraction would be cut off, and the time not yet have come; it is looked again where it has not
      },
      Math.min(Math.ceil(ms), maxTimerMs),
    )
  }

  /** Begins one request; false when there is nothing to send now. */
  function sendNext(): boolean {
    const wait = pacer.delayMs()
    if (wait > 0) {
      again('pace', wait)
      return false
    }
    if (circuit.state !== 'closed') return sendProbe()
    // Retries get half of the slots at most, and every other turn, while fresh messages wait: ten
    // thousand failing groups must not delay the others.
    const share = Math.max(1, Math.floor(target.concurrency / 2))
    const mayRetry = state.due.length > 0
    if (!lanes.hasReady) return mayRetry && retry()
    if (mayRetry && retrying.size < share && (target.concurrency > 1 || retryTurn)) return retry()
    retryTurn = true
    return sendFresh(trustedTurn()) || (state.due.length > 0 && retry())
  }

  // Groups that are served well get every other request, and no company that might spoil their batch.
  function trustedTurn(): boolean {
    if (!lanes.isReady(true)) return false
    trustedNext = !trustedNext || !lanes.isReady(false)
    return trustedNext
  }

  function sendProbe(): boolean {
    if (circuit.state === 'probing') return false
    const isReady = {
      trusted: lanes.isReady(true),
      fresh: lanes.isReady(false),
      failed: state.due.length > 0,
    }
    const wait = (tier: Tier): number => (isReady[tier] ? probeDelayMs(circuit, tier, now()) : Infinity)
    if (wait('trusted') === 0 && sendFresh(true)) return true
    if (wait('fresh') === 0 && sendFresh(false)) return true
    if (wait('failed') === 0) return retry()
    const next = Math.min(wait('trusted'), wait('fresh'), wait('failed'))
    if (next > 0 && next < Infinity) {
      clearTimeout(timers.probe)
      timers.probe = undefined
      again('probe', next)
    }
    return false
  }

  // An unfilled batch may wait for more, so long as its first message allows.
  function unfilled(): boolean {
    if (target.batchTimeoutMs === 0 || lanes.ahead >= target.batchSize) return false
    const oldest = lanes.peek()
    if (oldest === undefined) return false
    const wait = oldest.since + target.batchTimeoutMs - now()
    if (wait <= 0) return false
    again('fill', wait)
    return true
  }

  /** Sends messages that wait in lanes; whether it did, or another look may find some. */
  function sendFresh(trusted: boolean): boolean {
    if (unfilled()) return false
    const batch: Batch = {
      id: '',
      state: 'sending',
      members: [],
      lanes: new Set(),
      tier: trusted ? 'trusted' : 'fresh',
      attempt: 0,
      stored: false,
      startedAt: 0,
      timer: undefined,
    }
    const taken = lanes.take(target.batchSize, maxBodyBytes, batch, trusted)
    if (taken.missing.length > 0) loader.load(taken.missing)
    if (taken.messages.length === 0) return lanes.isReady(trusted)
    batch.members = taken.messages
    let sentBefore = false
    for (const m of taken.messages) {
      forget(m)
      if (m.failures > 0) batch.tier = 'failed'
      sentBefore ||= m.failures > 0 || m.chunk === null
      state.aheadBytes -= m.size
      for (const l of m.lanes) batch.lanes.add(l)
    }
    // what was failed, split or asked for again is a new batch with a new id
    batch.id = sentBefore ? `msg_${crypto.randomUUID()}` : firstBatchId(options.scope, taken.messages)
    state.batches.set(batch.id, batch)
    pacer.take()
    state.inFlight++
    if (circuit.state === 'open') probe(circuit, batch.id, batch.tier)
    void exchange(batch).catch(state.fault)
    return true
  }

  /** Sends a frozen batch again; its slot is taken while its payload is fetched. */
  function retry(): true {
    const batch = state.due.shift()!
    retryTurn = false
    advance(batch, 'due')
    pacer.take()
    state.inFlight++
    retrying.add(batch)
    if (circuit.state === 'open') probe(circuit, batch.id, batch.tier)
    void prepareAndSend(batch).catch(state.fault)
    return true
  }

  async function prepareAndSend(batch: Batch): Promise<void> {
    const lost = await loader.prepare(batch).catch((error: unknown) => {
      options.onError(error)
      return undefined
    })
    const isReady = lost?.length === 0 || (lost !== undefined && !state.dead && settler.drop(batch, lost))
    const mayGo = isReady && !state.dead && !state.stopping && options.mayRun()
    const isTooLong = target.bare && batch.members.length > 1
    if (mayGo && !isTooLong) return exchange(batch)
    leaveSlot(batch)
    cancelProbe(circuit, batch.id)
    if (state.dead) return
    if (mayGo) settler.cut(batch)
    else if (batch.state !== 'over') postpone(batch)
    state.pump()
  }

  async function exchange(batch: Batch): Promise<void> {
    batch.attempt++
    batch.startedAt = now()
    // A connection may take seconds to be made, and this process be stopped for a minute meanwhile: what
    // another dispatcher has long sent, and what came after it, is not to be followed by this.
    const told = { isHeard: true }
    const mayWrite = (): boolean => told.isHeard && options.mayRun()
    const made = options.exchange(batch, mayWrite).catch((error: unknown): Exchange => {
      // the sender never rejects: this is a fault of ours, and must not stop the stream
      options.onError(error)
      const message = 'the request could not be made; see the log'
      return {
        headers: {},
        body: '',
        truncated: false,
        durationMs: 0,
        error: { code: 'internal', message },
      }
    })
    await finish({ batch, exchange: made, told })
  }

  async function finish(request: UnderWay): Promise<void> {
    const { batch } = request
    state.underWay.set(batch, request)
    const result = await request.exchange
    const isOurs = state.underWay.delete(batch)
    leaveSlot(batch)
    state.progressAt = now()
    if (state.dead || !isOurs) return
    if (result.error?.code === 'unsent') takeBack(batch)
    else settler.finish(batch, result)
    state.pump()
  }

  // The lease may hold after all, or the run before this one have ended while the connection was made.
  function takeBack(batch: Batch): void {
    batch.attempt--
    cancelProbe(circuit, batch.id)
    postpone(batch)
  }

  function leaveSlot(batch: Batch): void {
    state.inFlight--
    retrying.delete(batch)
  }

  return {
    adopt(request) {
      const { batch } = request
      request.told.isHeard = true
      state.inFlight++
      if (circuit.state === 'open') probe(circuit, batch.id, batch.tier)
      void finish(request).catch(state.fault)
    },
    send() {
      while (state.inFlight < target.concurrency && options.mayRun() && sendNext());
    },
    clear() {
      for (const timer of Object.values(timers)) clearTimeout(timer)
    },
  }
}
