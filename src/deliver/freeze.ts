// Batches that failed, or whose first request takes long: written into rowhook.batch with their
// members, their id and their next time, and sent again from there, by this run or a later one.
import type { EventRow } from '../log/events.ts'
import type { Aside } from './aside.ts'
import { storedRow } from './aside.ts'
import { advance, batchGroups, halve, staleBlocker } from './batch.ts'
import type { Batch } from './batch.ts'
import type { BookChunk, HeldMessage } from './book.ts'
import { release, settleIn } from './book.ts'
import { laneKeys, noteStored, noteTruncate, standsInTable, waitsForTruncate } from './barrier.ts'
import { messageGroups, staleKey } from './group.ts'
import type { Message } from './lanes.ts'
import { restorePayload } from './payload.ts'
import type { SavedState } from './run.ts'
import type { RunState, UnderWay } from './state.ts'

type Msg = Message<EventRow>

export interface Freezer {
  /** Writes the batch down, to be sent again in `ms`; null: its request is still under way. */
  freeze(batch: Batch, ms: number | null, error: string | null): void
  /** It could not be sent for a reason of ours: again in `ms`, the same attempt. */
  postpone(batch: Batch, ms: number): void
  /** The rest of a batch that is over goes on as a new one, after `ms`, in its lanes. */
  replace(batch: Batch, left: Msg[], ms: number, error: string): void
  /** Two halves go on as new batches. */
  split(batch: Batch, ms: number, error: string): void
  /** Takes up what an earlier run left; returns its requests that are still under way, as batches here. */
  restore(saved: SavedState, underWay: readonly UnderWay[]): UnderWay[]
  /** Milliseconds until the next frozen batch is due; undefined: none is frozen. */
  nextDueMs(): number | undefined
}

/** A message is written down elsewhere, delivered or discarded: nothing waits for it any more. */
export function settle(state: RunState, m: Msg): void {
  if (m.place === 'held') release(state.options.book.ops, m.id)
  else if (m.chunk !== null) settleIn(m.chunk as BookChunk, m.at)
  m.place = 'ahead'
  m.chunk = null
}

/** @param aside gives what sets messages aside; it and this need each other */
export function createFreezer(state: RunState, aside: () => Aside): Freezer {
  const { lanes } = state
  const { book } = state.options

  function freeze(batch: Batch, ms: number | null, error: string | null): void {
    for (const m of batch.members) {
      if (m.payload?.action === 'r' && m.chunk !== null) book.ops.store.push(storedRow(m.payload))
      settle(state, m)
      if (ms !== null) m.payload = undefined
    }
    batch.stored = true
    if (ms !== null) batch.tier = 'failed'
    book.ops.freeze.push({
      id: batch.id,
      event_ids: batch.members.map((m) => m.id),
      member_failures: batch.members.map((m) => m.failures),
      groups: batchGroups(batch),
      attempt: batch.attempt,
      next_ms: ms,
      error,
    })
    state.batches.set(batch.id, batch)
    aside().addLanes(batch.lanes)
    book.touch()
    if (ms !== null) schedule(batch, ms)
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

  function newBatch(members: Msg[], ms: number, error: string): void {
    const batch: Batch = {
      id: `msg_${crypto.randomUUID()}`,
      state: 'waiting',
      members,
      lanes: new Set(members.flatMap((m) => m.lanes)),
      tier: 'failed',
      attempt: 0,
      stored: false,
      startedAt: 0,
      timer: undefined,
    }
    for (const l of batch.lanes) l.busy = batch
    freeze(batch, ms, error)
  }

  // What comes of the batch stands elsewhere by the next save; its lanes stay taken until then.
  function dissolve(batch: Batch): void {
    advance(batch, 'split')
    clearTimeout(batch.timer)
    if (batch.stored) book.ops.done.push(batch.id)
    state.batches.delete(batch.id)
  }

  function takeOver(batch: Batch, before: Batch): void {
    batch.state = 'parked'
    batch.attempt = before.attempt
    batch.tier = before.tier
    batch.startedAt = before.startedAt
    const payloads = new Map(before.members.map((m) => [m.id, m.payload]))
    for (const m of batch.members) {
      const row = payloads.get(m.id)
      if (row !== undefined) restorePayload(state, batch, m, row)
    }
  }

  // What was lost of a batch before it was sent stands in its row still; the answer is not about that.
  function membersOf(stored: SavedState['batches'][number], sent: Batch | undefined): Msg[] {
    const members = stored.event_ids.map((id, i): Msg => ({
      id,
      lanes: [],
      payload: undefined,
      size: 0,
      failures: stored.member_failures[i] ?? 0,
      chunk: null,
      at: 0,
      place: 'ahead',
      since: 0,
      order: state.arrival++,
    }))
    const ids = new Set(sent?.members.map((m) => m.id))
    return sent === undefined ? members : members.filter((m) => ids.has(m.id))
  }

  const addHeld = (h: HeldMessage, groups: string[]): Msg =>
    lanes.add(
      {
        id: h.event_id,
        payload: undefined,
        size: 0,
        failures: h.failures,
        chunk: null,
        at: 0,
        place: 'held',
        since: 0,
        order: state.arrival++,
      },
      groups,
    )

  function restoreHeld(h: HeldMessage, isBarred: boolean): void {
    const isFree = isBarred && !waitsForTruncate(state, h.groups)
    const m = addHeld(h, isFree ? h.groups.slice(0, -1) : h.groups)
    if (!isBarred) noteStored(state, h.groups, m)
    else if (!isFree) m.isBarred = true
  }

  // What was held behind it in its own group must not be before it when the next run takes all this up.
  function regroup(h: HeldMessage, row: EventRow): void {
    const m = addHeld(h, laneKeys(state, row))
    noteTruncate(state, row, m)
    book.ops.regroup.push({ event_id: m.id, groups: messageGroups(m) })
    book.touch()
  }

  return {
    freeze,
    postpone(batch, ms) {
      if (batch.stored) schedule(batch, ms)
      else freeze(batch, ms, null)
    },
    replace(batch, left, ms, error) {
      dissolve(batch)
      newBatch(left, ms, error)
    },
    split(batch, ms, error) {
      const { first, second, inOrder } = halve(batch.members)
      dissolve(batch)
      if (!inOrder) {
        newBatch(first, ms, error)
        newBatch(second, ms, error)
        return
      }
      // The second half shares a group with the first: it waits in front of what is set aside.
      aside().addLanes(batch.lanes)
      const waiting = second.map((m) => ({ event_id: m.id, groups: messageGroups(m), failures: m.failures }))
      for (const m of second) {
        if (m.payload?.action === 'r' && m.chunk !== null) book.ops.store.push(storedRow(m.payload))
        settle(state, m)
        m.payload = undefined
      }
      book.ops.hold_first.unshift(...waiting)
      lanes.addFirst(second)
      newBatch(first, ms, error)
    },
    restore(saved, underWay) {
      const adopted: UnderWay[] = []
      const barred = new Set(saved.barred)
      for (const b of saved.batches) {
        for (const id of b.event_ids) state.known.add(id)
        const request = underWay.find((r) => r.batch.id === b.id)
        const batch: Batch = {
          id: b.id,
          state: 'waiting',
          members: membersOf(b, request?.batch),
          lanes: new Set(),
          tier: 'failed',
          attempt: b.attempt,
          stored: true,
          startedAt: 0,
          timer: undefined,
        }
        batch.lanes = new Set(lanes.occupy(b.groups, batch))
        state.batches.set(b.id, batch)
        if (!b.event_ids.every((id) => barred.has(id))) noteStored(state, b.groups, batch.members.at(-1)!)
        if (request === undefined) {
          // wait_ms null: its request was under way when a run was killed; what came of it is not known
          schedule(batch, b.wait_ms ?? 0)
        } else {
          adopted.push({ ...request, batch })
          takeOver(batch, request.batch)
        }
      }
      for (const source of saved.waits ?? []) {
        state.stale.add(source)
        lanes.occupy([staleKey(source)], staleBlocker)
      }
      for (const h of saved.held) {
        state.known.add(h.event_id)
        const row = saved.mended?.get(h.event_id)
        // after a crash a message may be in a batch, barred, and here once more, where nothing barred it
        if (row === undefined) restoreHeld(h, barred.has(h.event_id) && standsInTable(h.groups))
        else regroup(h, row)
      }
      return adopted
    },
    nextDueMs() {
      let next: number | undefined
      for (const b of state.batches.values()) {
        if (b.state !== 'waiting') continue
        next = Math.min(next ?? Infinity, Math.max(0, b.startedAt - performance.now()))
      }
      return next
    },
  }
}
