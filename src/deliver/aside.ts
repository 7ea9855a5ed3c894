// What waits behind a failing batch of its group. It is set aside at once, in memory and by id, and
// written down (rowhook.held) once something else of the sink was delivered: only then must the
// position pass it. While nothing gets through, the log alone remembers, so an endpoint that is down
// leaves next to no rows behind.
//
// What is written down must not overtake what is not, after a crash: when a message is held,
// everything before it in each of its lanes is held or in a stored batch, too.
import type { EventRow } from '../log/events.ts'
import { isBlocked } from './batch.ts'
import type { Batch } from './batch.ts'
import { settleIn } from './book.ts'
import type { BookChunk, Ops } from './book.ts'
import { messageGroups } from './group.ts'
import type { Lane, Message } from './lanes.ts'
import { dropPayload } from './payload.ts'
import type { RunState } from './state.ts'

type Msg = Message<EventRow>

/** A backfilled row is in no log until something has to be remembered of it. */
export function storedRow(row: EventRow): Ops['store'][number] {
  return {
    id: row.event_id,
    source_id: row.source_id,
    pks: row.pks,
    grp: row.grp,
    captured_at: row.captured_at,
    xid: row.xid,
    record: row.record?.toString() ?? null,
    backfill_id: row.annotations,
  }
}

export interface Aside {
  /** Sets a message that just arrived aside, if something of its groups is before it that failed. */
  add(m: Msg): boolean
  /** Sets everything aside that waits in these lanes: the batch that occupies them has failed. */
  addLanes(lanes: Iterable<Lane<EventRow>>): void
  /** Something was delivered: writes down what still waits behind a failing batch. */
  writeDown(): void
  /** Writes one message down, and what it must not overtake. */
  hold(m: Msg): void
  /** Writes down all that waits or is under way of a source: something that comes now waits for an edit of the sink. */
  holdAll(sourceId: number): void
}

/** @param park writes down a batch whose request is under way */
export function createAside(state: RunState, park: (batch: Batch) => void): Aside {
  const { lanes } = state
  const { book } = state.options
  let noted = new Set<Msg>()

  function note(m: Msg): void {
    const behind = [m]
    for (let o = behind.pop(); o !== undefined; o = behind.pop()) {
      dropPayload(state, o)
      if (o.place !== 'ahead') continue
      lanes.move(o, 'aside')
      noted.add(o)
      // what stands behind a message of two groups waits with it, in both
      if (o.lanes.length > 1) for (const l of o.lanes) behind.push(...l.queue.slice(l.queue.indexOf(o) + 1))
    }
  }

  function hold(m: Msg): void {
    if (m.place === 'held') return
    for (const l of m.lanes) {
      const batch = l.busy as Batch | null
      if (batch?.state === 'sending') park(batch)
      // what is held stands first in a lane
      for (let o = l.queue[l.head + l.held]!; o !== m; o = l.queue[l.head + l.held]!) hold(o)
    }
    if (m.payload?.action === 'r') book.ops.store.push(storedRow(m.payload))
    book.ops.hold.push({ event_id: m.id, groups: messageGroups(m), failures: m.failures })
    lanes.move(m, 'held')
    settleIn(m.chunk as BookChunk, m.at)
    m.chunk = null
    dropPayload(state, m)
    book.touch()
  }

  return {
    add(m) {
      if (!m.lanes.some((l) => l.behind > 0 || isBlocked(l))) return false
      note(m)
      return true
    },
    addLanes(of) {
      for (const l of of) for (let i = l.head; i < l.queue.length; i++) note(l.queue[i]!)
    },
    writeDown() {
      if (noted.size === 0) return
      const messages = [...noted].toSorted((a, b) => a.order - b.order)
      noted = new Set()
      for (const m of messages) {
        if (m.place !== 'aside') continue
        // its group goes on: it will be sent soon, and needs no row
        if (m.lanes.every((l) => l.held === 0 && !isBlocked(l))) lanes.move(m, 'ahead')
        else hold(m)
      }
    },
    hold,
    // Its group is not known before its verdict is, and what is before it may well be of the same.
    holdAll(sourceId) {
      const isOf = (m: Msg): boolean => m.payload === undefined || m.payload.source_id === sourceId
      for (const batch of state.batches.values()) {
        if (batch.state === 'sending' && batch.members.some(isOf)) park(batch)
      }
      const waiting = new Set<Msg>()
      for (const l of lanes.all()) for (const m of l.queue.slice(l.head)) if (isOf(m)) waiting.add(m)
      for (const m of [...waiting].toSorted((a, b) => a.order - b.order)) hold(m)
    },
  }
}
