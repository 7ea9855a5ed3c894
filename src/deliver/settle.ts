// What an answer means for the messages of its batch: delivered, sent again, split, discarded. Decides
// in memory and notes it in the book; sends and reads nothing.
import type { EventRow } from '../log/events.ts'
import type { Aside } from './aside.ts'
import { storedRow } from './aside.ts'
import { retryDelayMs } from './backoff.ts'
import { isTruncate, passTruncate } from './barrier.ts'
import { advance } from './batch.ts'
import type { Batch } from './batch.ts'
import { fail, isBlind, probeDelayMs, succeed } from './circuit.ts'
import type { Tier } from './circuit.ts'
import type { Exchange } from './exchange.ts'
import { settle } from './freeze.ts'
import type { Freezer } from './freeze.ts'
import { messageGroups } from './group.ts'
import type { Lane, Message } from './lanes.ts'
import { judge } from './outcome.ts'
import type { Outcome } from './outcome.ts'
import type { RunState } from './state.ts'

type Msg = Message<EventRow>

/** Failures after which a batch of several is cut in halves. */
const splitAfter = 2
const partly = 'the receiver acknowledged the batch in part and named this message as failed'
const singly = 'the sink was edited, and sends its messages one by one'
const gone = 'its table was taken out of the sink, or its payload is no longer in the event log'
/** Why what had not been read of such a table is discarded. */
export const takenOut = 'its table was taken out of the sink before it was sent'

export interface Settler {
  /** Judges an exchange and settles its batch. */
  finish(batch: Batch, exchange: Exchange): void
  /** A message is done with, and is not sent (a newer version replaced it). */
  settle(m: Msg): void
  /** Sets an event aside under these groups without a message in memory. */
  holdRow(row: EventRow, groups: string[]): void
  /** Discards an event without a message in memory. */
  discardRow(row: EventRow, groups: string[], error: string): void
  /** A waiting message whose payload is gone from the log: nothing can be sent. */
  lose(m: Msg): void
  /** Cuts a batch of several, which this sink, since it was edited, can no longer send. */
  cut(batch: Batch): void
  /** Discards members whose payload is gone; whether any other is left to send. */
  drop(batch: Batch, lost: Msg[]): boolean
}

/** Makes the settler of one run. */
export function createSettler(state: RunState, freezer: Freezer, aside: Aside): Settler {
  const { options, lanes } = state
  const { book, circuit, target } = options

  function end(batch: Batch): void {
    clearTimeout(batch.timer)
    if (batch.stored) book.ops.done.push(batch.id)
    state.batches.delete(batch.id)
    book.touch()
  }

  function whenSaved(step: () => void): void {
    void book
      .flush()
      .then(() => {
        if (!state.dead) step()
      })
      .catch(state.fault)
  }

  // A group goes on behind a discarded message only when that is written down: after a crash, the
  // message would be sent again, and come behind those that were sent meanwhile.
  function freeWhenSaved(batch: Batch, of: Iterable<Lane<EventRow>>): void {
    const taken = [...of]
    whenSaved(() => {
      lanes.free(taken, batch)
      state.pump()
    })
  }

  function done(m: Msg): void {
    settle(state, m)
    passTruncate(state, m)
  }

  function noteDiscard(m: Msg, error: string, webhookId: string | null): void {
    if (m.payload?.action === 'r' && m.chunk !== null) book.ops.store.push(storedRow(m.payload))
    const groups = messageGroups(m)
    book.ops.discard.push({ event_id: m.id, groups, attempts: m.failures, webhook_id: webhookId, error })
    book.ops.error = error
    settle(state, m)
    if (isTruncate(state, m)) whenSaved(() => passTruncate(state, m))
  }

  function delivered(batch: Batch): void {
    for (const m of batch.members) done(m)
    book.delivered(batch.members.length)
    for (const l of batch.lanes) lanes.trust.served(l.key)
    advance(batch, 'delivered')
    end(batch)
    lanes.free(batch.lanes, batch)
  }

  /** Counts a failure of these members; those beyond the limit are discarded, the others returned. */
  function countFailure(batch: Batch, members: Msg[], error: string): Msg[] {
    const limit = target.maxRetryCount ?? Infinity
    book.ops.error = error
    const left: Msg[] = []
    for (const m of members) {
      m.failures++
      for (const l of m.lanes) lanes.trust.failed(l.key)
      if (m.failures > limit) noteDiscard(m, error, batch.id)
      else left.push(m)
    }
    return left
  }

  /** What of a batch is left goes on; its other lanes are free again. */
  function goOn(batch: Batch, left: Msg[], waitMs: number, error: string, discarded: boolean): void {
    const kept = new Set(left.flatMap((m) => m.lanes))
    const others = [...batch.lanes].filter((l) => !kept.has(l))
    if (left.length > 0) {
      freezer.replace(batch, left, waitMs, error)
    } else {
      advance(batch, 'discarded')
      end(batch)
    }
    if (discarded) freeWhenSaved(batch, others)
    else lanes.free(others, batch)
  }

  function partial(batch: Batch, failedKeys: ReadonlySet<string>): void {
    const bad: Msg[] = []
    for (const m of batch.members) {
      if (failedKeys.has(target.keyOf(m.payload!))) {
        bad.push(m)
      } else {
        done(m)
        for (const l of m.lanes) lanes.trust.served(l.key)
      }
    }
    book.delivered(batch.members.length - bad.length)
    const left = countFailure(batch, bad, partly)
    goOn(batch, left, waitOf(left, 0), partly, left.length < bad.length)
  }

  function failed(batch: Batch, { error, retryAfterMs = 0 }: Failed, reached: boolean): void {
    const left = countFailure(batch, batch.members, error)
    const wait = waitOf(left, retryAfterMs)
    if (left.length < batch.members.length) {
      goOn(batch, left, wait, error, true)
    } else if (left.length > 1 && reached && left.some((m) => m.failures >= splitAfter)) {
      // At once: the receiver answers, so it is a member that it does not like, and the others
      // should not wait for that one any longer.
      const lanesBefore = [...batch.lanes]
      freezer.split(batch, retryAfterMs, error)
      lanes.free(lanesBefore, batch)
    } else {
      advance(batch, 'failed')
      freezer.freeze(batch, wait, error)
    }
  }

  function noteCircuit(): void {
    const open = circuit.state !== 'closed'
    book.ops.circuit = {
      state: open ? 'open' : 'closed',
      blind: isBlind(circuit, lanes.trust.size > 0),
      failures: circuit.failures,
      probes: circuit.probes,
      next_ms: open ? probeDelayMs(circuit, 'failed', performance.now()) : null,
    }
    book.touch()
  }

  function somethingGotThrough(): void {
    if (circuit.failures > 0) {
      const closed = succeed(circuit)
      noteCircuit()
      if (closed) options.onCircuit?.(false)
    }
    aside.writeDown()
  }

  function nothingGotThrough(batch: Batch, tier: Tier, retryAfterMs: number): void {
    const opened = fail(circuit, {
      batchId: batch.id,
      tier,
      retryAfterMs,
      now: performance.now(),
      waitMs: (n) => retryDelayMs(n, Math.random),
    })
    noteCircuit()
    if (opened) options.onCircuit?.(true)
  }

  return {
    finish(batch, exchange) {
      const verdict = judge(exchange, keysOf(batch))
      if (verdict.kind === 'delivered') {
        delivered(batch)
        somethingGotThrough()
      } else if (verdict.kind === 'partial') {
        partial(batch, verdict.failed)
        somethingGotThrough()
      } else {
        const { tier } = batch
        failed(batch, verdict, exchange.status !== undefined || exchange.error?.code !== 'connect')
        nothingGotThrough(batch, tier, verdict.retryAfterMs ?? 0)
        if (verdict.gone === true) {
          book.ops.pause = 'the receiver answered 410 Gone: it wants no more messages'
          // What pauses the sink is a save, and what ends the run for it comes a second later: by then the batch is due.
          state.stopping = true
          whenSaved(() => {})
        }
      }
    },
    settle: done,
    holdRow(row, groups) {
      if (row.action === 'r') book.ops.store.push(storedRow(row))
      book.ops.hold.push({ event_id: row.event_id, groups, failures: 0 })
      book.touch()
    },
    discardRow(row, groups, error) {
      if (row.action === 'r') book.ops.store.push(storedRow(row))
      book.ops.discard.push({ event_id: row.event_id, groups, attempts: 0, webhook_id: null, error })
      book.ops.error = error
      book.touch()
    },
    cut(batch) {
      const lanesBefore = [...batch.lanes]
      freezer.split(batch, 0, singly)
      lanes.free(lanesBefore, batch)
    },
    lose(m) {
      // several reads may have looked for it: one may have found it lost before, or brought it to be sent
      if (!lanes.remove(m)) return
      m.isGone = true
      noteDiscard(m, gone, null)
      book.touch()
    },
    drop(batch, lost) {
      for (const m of lost) {
        // of one that an earlier run froze, only its batch knows the groups
        if (m.lanes.length === 0) m.lanes = [...batch.lanes]
        noteDiscard(m, gone, batch.id)
      }
      batch.members = batch.members.filter((m) => !lost.includes(m))
      if (batch.members.length > 0) return true
      advance(batch, 'discarded')
      end(batch)
      freeWhenSaved(batch, batch.lanes)
      return false
    },
  }

  // Lazy: the keys matter only when the answer names some as failed.
  function* keysOf(batch: Batch): Iterable<string> {
    for (const m of batch.members) yield target.keyOf(m.payload!)
  }
}

type Failed = Extract<Outcome, { kind: 'failed' }>

function waitOf(left: readonly Msg[], retryAfterMs: number): number {
  const worst = left.reduce((n, m) => Math.max(n, m.failures), 1)
  return retryDelayMs(worst, Math.random, retryAfterMs)
}
