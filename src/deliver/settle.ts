// What becomes of messages: delivered, frozen as a batch, split, set aside behind a failing batch of
// their group, discarded. Decides in memory and notes it in the book; sends and reads nothing.
import type { EventRow } from '../log/events.ts'
import { retryDelayMs } from './backoff.ts'
import { advance, batchGroups, halve, messageGroups } from './batch.ts'
import type { Batch } from './batch.ts'
import type { BookChunk } from './book.ts'
import { fail, succeed } from './circuit.ts'
import type { Exchange } from './exchange.ts'
import type { Lane, Message } from './lanes.ts'
import { judge } from './outcome.ts'
import { staleKey } from './run.ts'
import type { RunState, SavedState } from './run.ts'

/** Failures after which a batch of several is cut in halves. */
const splitAfter = 2

type Msg = Message<EventRow>

export interface Settler {
  /** Judges an exchange and settles its batch. */
  finish(batch: Batch, exchange: Exchange): void
  /** Whether a message that arrives in this lane must be set aside. */
  isBlocked(lane: Lane<EventRow>): boolean
  /** Sets a message aside that stands in its lanes: rowhook.held keeps it from now on. */
  hold(message: Msg): void
  /** Sets an event aside under these groups without a message in memory. */
  holdRow(eventId: number, groups: string[]): void
  discardRow(row: EventRow, groups: string[], error: string): void
  /** A message is done with. */
  settle(message: Msg): void
  /** Its payload is gone from the log: nothing can be sent. */
  lose(message: Msg): void
  /** Takes members out whose payload is gone; whether any is left. */
  drop(batch: Batch, lost: Msg[]): boolean
  /** A frozen batch could not be sent for a reason of ours: again in `ms`, same attempt. */
  later(batch: Batch, ms: number): void
  /** Writes a batch down whose request is still under way. */
  park(batch: Batch): void
  restore(saved: SavedState): void
  /** When a run ends: keeps what was read ahead next to what is settled already. */
  keepTouched(): void
  nextDueMs(): number | undefined
}

/** Makes the settler of one run. */
export function createSettler(state: RunState): Settler {
  const { options, lanes } = state
  const { book, circuit, target } = options
  const frozenBlocker = {}

  const isBlocked = (l: Lane<EventRow>): boolean => {
    if (l.busy !== null && (l.busy === frozenBlocker || (l.busy as Batch).stored)) return true
    // behind a message that is set aside, everything is; the message itself is the last one here
    const before = l.queue[l.queue.length - 2]
    return l.queue.length - l.head >= 2 && before !== undefined && before.chunk === null
  }

  function settle(m: Msg): void {
    const chunk = m.chunk as BookChunk | null
    if (chunk === null) {
      book.ops.release.push(m.id)
    } else {
      chunk.remaining--
      chunk.touched = true
      m.chunk = null
    }
  }

  // A backfilled row is in no log until something has to be remembered of it.
  function store(m: Msg): void {
    const row = m.payload
    if (row?.action !== 'r' || m.chunk === null) return
    book.ops.store.push({
      id: row.event_id,
      source_id: row.source_id,
      pks: row.pks,
      grp: row.grp,
      captured_at: row.captured_at,
      xid: row.xid,
      record: row.record,
      backfill_id: row.annotations,
    })
  }

  function hold(m: Msg): void {
    if (m.chunk === null) return
    store(m)
    book.ops.hold.push({ event_id: m.id, groups: messageGroups(m), failures: m.failures })
    state.held++
    settleHeld(m)
  }
  function settleHeld(m: Msg): void {
    const chunk = m.chunk as BookChunk
    chunk.remaining--
    chunk.touched = true
    m.chunk = null
    m.payload = undefined
    state.aheadBytes -= m.size
    book.touch()
  }

  // Everything that waits in these lanes is set aside, and what stands behind it in other lanes.
  function holdLanes(from: Iterable<Lane<EventRow>>): void {
    const todo = [...from]
    const seen = new Set(todo)
    const found = new Set<Msg>()
    for (let l = todo.pop(); l !== undefined; l = todo.pop()) {
      let blocked = l.busy !== null
      for (let i = l.head; i < l.queue.length; i++) {
        const m = l.queue[i]!
        blocked ||= m.chunk === null || found.has(m)
        if (!blocked) continue
        if (m.chunk !== null) found.add(m)
        for (const o of m.lanes) {
          if (!seen.has(o)) {
            seen.add(o)
            todo.push(o)
          }
        }
      }
    }
    for (const m of [...found].toSorted((a, b) => a.order - b.order)) hold(m)
  }

  function discard(m: Msg, error: string, webhookId: string | null): void {
    store(m)
    book.ops.discard.push({
      event_id: m.id,
      groups: messageGroups(m),
      attempts: m.failures,
      webhook_id: webhookId,
      error,
    })
    settle(m)
  }

  function end(batch: Batch): void {
    clearTimeout(batch.timer)
    if (batch.stored) book.ops.done.push(batch.id)
    state.batches.delete(batch.id)
    lanes.free(batch.lanes, batch)
    book.touch()
  }

  /** Writes the batch into rowhook.batch, to be sent again in `ms`. */
  function freeze(batch: Batch, ms: number | null, error: string | null): void {
    for (const m of batch.members) {
      store(m)
      if (!batch.stored) settle(m)
    }
    batch.stored = true
    book.ops.freeze.push({
      id: batch.id,
      event_ids: batch.members.map((m) => m.id),
      member_failures: batch.members.map((m) => m.failures),
      groups: batchGroups(batch),
      attempt: batch.attempt,
      next_ms: ms,
      error,
    })
    holdLanes(batch.lanes)
    state.batches.set(batch.id, batch)
    book.touch()
    if (ms !== null) {
      for (const m of batch.members) m.payload = undefined
      schedule(batch, ms)
    }
  }

  function schedule(batch: Batch, ms: number): void {
    batch.state = 'waiting'
    batch.startedAt = performance.now() + ms
    clearTimeout(batch.timer)
    batch.timer = setTimeout(
      () => {
        state.due.push(batch)
        state.pump()
      },
      Math.max(0, ms),
    )
  }

  /** A new batch made of members of one that is over. */
  function rest(members: Msg[], ms: number, error: string): void {
    const batch: Batch = {
      id: `msg_${crypto.randomUUID()}`,
      state: 'waiting',
      members,
      lanes: new Set(members.flatMap((m) => m.lanes)),
      attempt: 0,
      stored: false,
      startedAt: 0,
      timer: undefined,
    }
    for (const l of batch.lanes) l.busy = batch
    freeze(batch, ms, error)
  }

  function delivered(batch: Batch, members: Msg[]): void {
    for (const m of members) if (!batch.stored) settle(m)
    book.delivered(members.length)
  }

  // Its members are no longer covered by the stored batch; they are settled once more by what follows.
  function detach(batch: Batch): void {
    clearTimeout(batch.timer)
    if (batch.stored) book.ops.done.push(batch.id)
    state.batches.delete(batch.id)
  }

  function failed(batch: Batch, members: Msg[], error: string, retryAfterMs: number, reached: boolean): void {
    for (const m of members) m.failures++
    book.ops.error = error
    const limit = target.maxRetryCount
    const exhausted = limit === null ? [] : members.filter((m) => m.failures > limit)
    const left = limit === null ? members : members.filter((m) => m.failures <= limit)
    const stored = batch.stored
    for (const m of exhausted) {
      if (stored) discardStored(m, error, batch.id)
      else discard(m, error, batch.id)
    }
    const whole = left.length === batch.members.length
    const worst = left.reduce((n, m) => Math.max(n, m.failures), 1)
    const wait = retryDelayMs(worst, Math.random, retryAfterMs)
    if (left.length === 0) {
      advance(batch, 'discarded')
      end(batch)
    } else if (whole && left.length > 1 && worst >= splitAfter && reached) {
      advance(batch, 'split')
      split(batch, left, error, retryAfterMs)
    } else if (whole) {
      advance(batch, 'failed')
      freeze(batch, wait, error)
    } else {
      advance(batch, 'split')
      replace(batch, left, wait, error)
    }
  }

  function discardStored(m: Msg, error: string, webhookId: string): void {
    book.ops.discard.push({
      event_id: m.id,
      groups: messageGroups(m),
      attempts: m.failures,
      webhook_id: webhookId,
      error,
    })
  }

  // The rest of a batch goes on as a new one, in its lanes; lanes without a member left are freed.
  function replace(batch: Batch, left: Msg[], ms: number, error: string): void {
    keepChunks(batch, left)
    detach(batch)
    const kept = new Set(left.flatMap((m) => m.lanes))
    rest(left, ms, error)
    lanes.free(
      [...batch.lanes].filter((l) => !kept.has(l)),
      batch,
    )
  }

  // Members of a stored batch have no chunk; settling them again would release what was never held.
  function keepChunks(batch: Batch, left: Msg[]): void {
    if (!batch.stored) return
    for (const m of left) m.chunk ??= { remaining: 1 }
  }

  // Halves until the poisoned message stands alone. At once: the receiver answers, it is a member
  // that it does not like, and its neighbours should not wait for it any longer.
  function split(batch: Batch, members: Msg[], error: string, retryAfterMs: number): void {
    keepChunks(batch, members)
    const { first, second, inOrder } = halve(members)
    detach(batch)
    if (!inOrder) {
      rest(first, retryAfterMs, error)
      rest(second, retryAfterMs, error)
      return
    }
    const lanesOfFirst = new Set(first.flatMap((m) => m.lanes))
    for (const m of second) store(m)
    book.ops.hold_first.push(
      ...second.map((m) => ({ event_id: m.id, groups: messageGroups(m), failures: m.failures })),
    )
    for (const m of second) {
      if (m.chunk !== null) m.chunk.remaining--
      m.chunk = null
      m.payload = undefined
    }
    lanes.addFirst(second)
    rest(first, retryAfterMs, error)
    lanes.free(
      [...batch.lanes].filter((l) => !lanesOfFirst.has(l)),
      batch,
    )
  }

  return {
    isBlocked,
    hold,
    settle,
    finish(batch, exchange) {
      const verdict = judge(exchange, keysOf(batch))
      if (verdict.kind === 'delivered') {
        advance(batch, 'delivered')
        delivered(batch, batch.members)
        batch.state = 'over'
        end(batch)
        recover()
        return
      }
      if (verdict.kind === 'partial') {
        recover()
        const keys = verdict.failed
        const bad: Msg[] = []
        const good: Msg[] = []
        for (const m of batch.members) {
          const key = target.keyOf(m.payload!)
          ;(keys.has(key) ? bad : good).push(m)
        }
        delivered(batch, good)
        partial(batch, bad)
        return
      }
      const opened = fail(
        circuit,
        batch.id,
        performance.now(),
        (n) => retryDelayMs(n, Math.random, 0),
        verdict.retryAfterMs,
      )
      failed(
        batch,
        batch.members,
        verdict.error,
        verdict.retryAfterMs ?? 0,
        exchange.status !== undefined || exchange.error?.code !== 'connect',
      )
      if (verdict.gone === true) {
        book.ops.pause = 'the receiver answered 410 Gone: it wants no more messages'
        void book.flush()
      }
      noteCircuit()
      if (opened) options.onCircuit?.(true)
    },
    holdRow(eventId, groups) {
      book.ops.hold.push({ event_id: eventId, groups, failures: 0 })
      book.touch()
    },
    discardRow(row, groups, error) {
      if (row.action === 'r') {
        book.ops.store.push({
          id: row.event_id,
          source_id: row.source_id,
          pks: row.pks,
          grp: row.grp,
          captured_at: row.captured_at,
          xid: row.xid,
          record: row.record,
          backfill_id: row.annotations,
        })
      }
      book.ops.discard.push({ event_id: row.event_id, groups, attempts: 0, webhook_id: null, error })
      book.ops.error = error
      book.touch()
    },
    lose(m) {
      book.ops.discard.push({
        event_id: m.id,
        groups: messageGroups(m),
        attempts: m.failures,
        webhook_id: null,
        error: 'its payload is no longer in the event log',
      })
      settle(m)
      book.touch()
    },
    drop(batch, lost) {
      for (const m of lost) discardStored(m, 'its payload is no longer in the event log', batch.id)
      batch.members = batch.members.filter((m) => !lost.includes(m))
      if (batch.members.length > 0) return true
      advance(batch, 'discarded')
      end(batch)
      return false
    },
    later(batch, ms) {
      schedule(batch, ms)
    },
    park(batch) {
      advance(batch, 'park')
      freeze(batch, null, null)
    },
    restore(saved) {
      for (const b of saved.batches) {
        const batch: Batch = {
          id: b.id,
          state: 'waiting',
          members: b.event_ids.map((id, i) => ({
            id,
            lanes: [],
            payload: undefined,
            size: 0,
            failures: b.member_failures[i] ?? 0,
            chunk: null,
            since: 0,
            order: state.arrival++,
          })),
          lanes: new Set(),
          attempt: b.attempt,
          stored: true,
          startedAt: 0,
          timer: undefined,
        }
        batch.lanes = new Set(lanes.occupy(b.groups, batch))
        state.batches.set(b.id, batch)
        // its first request was under way when the last run ended: its outcome is unknown
        schedule(batch, b.wait_ms ?? 0)
      }
      const staleNow = new Set(
        [...target.tables].filter(([, t]) => t.stale !== null).map(([id]) => staleKey(id)),
      )
      for (const key of staleNow) lanes.occupy([key], frozenBlocker)
      for (const h of saved.held) {
        lanes.add(
          {
            id: h.event_id,
            payload: undefined,
            size: 0,
            failures: h.failures,
            chunk: null,
            since: 0,
            order: state.arrival++,
          },
          h.groups,
        )
        state.held++
      }
    },
    keepTouched() {
      const last = book.chunks.findLastIndex((c) => c.touched && c.remaining > 0)
      const kept = new Set<unknown>(book.chunks.slice(0, last + 1))
      const waiting = new Set<Msg>()
      for (const l of lanes.all()) {
        for (let i = l.head; i < l.queue.length; i++) {
          const m = l.queue[i]!
          if (m.chunk !== null && kept.has(m.chunk)) waiting.add(m)
        }
      }
      for (const m of [...waiting].toSorted((a, b) => a.order - b.order)) hold(m)
    },
    nextDueMs() {
      let next: number | undefined
      for (const b of state.batches.values()) {
        if (b.state === 'waiting')
          next = Math.min(next ?? Infinity, Math.max(0, b.startedAt - performance.now()))
      }
      return next
    },
  }

  // Lazy: the keys matter only when the answer names some as failed.
  function* keysOf(batch: Batch): Iterable<string> {
    for (const m of batch.members) yield target.keyOf(m.payload!)
  }

  function partial(batch: Batch, bad: Msg[]): void {
    if (bad.length === 0) {
      end(batch)
      return
    }
    const error = 'the receiver acknowledged the batch in part and named this message as failed'
    for (const m of bad) m.failures++
    book.ops.error = error
    const limit = target.maxRetryCount
    const left: Msg[] = []
    for (const m of bad) {
      if (limit === null || m.failures <= limit) left.push(m)
      else if (batch.stored) discardStored(m, error, batch.id)
      else discard(m, error, batch.id)
    }
    advance(batch, 'split')
    if (left.length === 0) {
      end(batch)
      return
    }
    const worst = left.reduce((n, m) => Math.max(n, m.failures), 1)
    replace(batch, left, retryDelayMs(worst, Math.random, 0), error)
  }

  function noteCircuit(): void {
    book.ops.circuit = {
      state: circuit.state === 'closed' ? 'closed' : 'open',
      failures: circuit.failures,
      probes: circuit.probes,
      next_ms: circuit.state === 'closed' ? null : Math.max(0, circuit.nextAt - performance.now()),
    }
  }

  function recover(): void {
    if (circuit.failures === 0) return
    const closed = succeed(circuit)
    noteCircuit()
    if (closed) options.onCircuit?.(false)
    book.touch()
  }
}
