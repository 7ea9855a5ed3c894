// message_type rows: of what waits, only the newest version of each row goes out; the versions before it
// are settled unsent, wherever they wait: read ahead, or set aside behind a failing batch. What is in
// a batch already goes out as it is.
import type { EventRow } from '../log/events.ts'
import { sourceOfStale } from './group.ts'
import type { Message } from './lanes.ts'
import type { RunState } from './state.ts'

type Msg = Message<EventRow>

/** Which row an event is about. */
export type RowOf = Pick<EventRow, 'source_id' | 'pks' | 'old_pks'>

/** The row of a held message. */
export type HeldRow = RowOf & { event_id: number }

export interface Newest {
  /** A message has come into its lanes: the version of its row that waits there leaves them. */
  add(m: Msg, row: RowOf): void
  /** Messages that an earlier run held stand in their lanes: of these, too, only the newest stay. */
  restore(rows: readonly HeldRow[]): void
  /** A message leaves its lanes to be sent. */
  forget(m: Msg): void
}

/** @param settle told of a message that is not sent */
export function createNewest(state: RunState, settle: (m: Msg) => void): Newest {
  const waiting = new Map<string, Msg>()
  const keys = new WeakMap<Msg, string>()

  function replace(older: Msg): void {
    const { hold } = state.options.book.ops
    // a save lets go of what is held no longer before it writes down what is
    const noted = older.place === 'held' ? hold.findIndex((h) => h.event_id === older.id) : -1
    if (noted >= 0) hold.splice(noted, 1)
    if (older.payload !== undefined) state.aheadBytes -= older.size
    older.payload = undefined
    older.isGone = true
    state.lanes.remove(older)
    settle(older)
  }

  function add(m: Msg, row: RowOf): void {
    // without a key, there are no versions of a row
    if (row.pks.length === 0) return
    const key = `${row.source_id}:${row.pks.join('\0')}`
    const older = waiting.get(key)
    // one whose payload was gone from the log left its lanes without being sent
    if (older !== undefined && (older.chunk !== null || older.place === 'held')) replace(older)
    waiting.delete(key)
    // one that changed the row's key stays: only it tells the receiver that the old key is gone
    if (row.old_pks !== null) return
    waiting.set(key, m)
    keys.set(m, key)
  }

  return {
    add,
    restore(rows) {
      if (rows.length === 0) return
      const held = new Map<number, Msg>()
      for (const l of state.lanes.all()) {
        // whether the sink wants it is not known yet: it may not stand in for what was wanted
        if (sourceOfStale(l.key) !== undefined) continue
        for (let i = l.head; i < l.queue.length; i++) held.set(l.queue[i]!.id, l.queue[i]!)
      }
      for (const row of rows) {
        const m = held.get(row.event_id)
        if (m !== undefined) add(m, row)
      }
    },
    forget(m) {
      const key = keys.get(m)
      if (key !== undefined && waiting.get(key) === m) waiting.delete(key)
    },
  }
}
