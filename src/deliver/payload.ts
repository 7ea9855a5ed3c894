// Payloads in memory. A message that waits behind a failing one of its group is in memory by id
// alone: its payload is in the log, and is fetched when its turn has come.
import type { EventRow } from '../log/events.ts'
import { noteTruncate } from './barrier.ts'
import { isBlocked } from './batch.ts'
import type { Batch } from './batch.ts'
import { groupKeys } from './group.ts'
import type { Message } from './lanes.ts'
import type { RunState } from './state.ts'

type Msg = Message<EventRow>

/** Fetched at once for a lane: enough for some requests, and no more than this many bytes. */
const loadMessages = 200
const loadBytes = 4 * 1024 * 1024
/** Of a message that an earlier run left, the size is not known. */
const presumedBytes = 64 * 1024

/** Bytes of a message's JSON, about. */
export const sizeOf = (row: EventRow): number => (row.record?.length ?? 0) + (row.changes?.length ?? 0) + 400

/** Keeps the payload of a message that waits in its lanes. */
export function keepPayload(state: RunState, m: Msg, row: EventRow): void {
  m.payload = row
  m.size = sizeOf(row)
  state.aheadBytes += m.size
}

/** Lets go of a waiting message's payload; what is only in memory stays (a backfilled row). */
export function dropPayload(state: RunState, m: Msg): void {
  if (m.payload === undefined || (m.payload.action === 'r' && m.chunk !== null)) return
  state.aheadBytes -= m.size
  m.payload = undefined
}

export interface Loader {
  /** Fetches what these first messages of their lanes, and those behind them, need. */
  load(first: readonly Msg[]): void
  /** Fetches what a frozen batch needs; the members whose payload, or table, is gone for good. */
  prepare(batch: Batch): Promise<Msg[]>
  readonly busy: boolean
}

/** @param lose told of a waiting message whose payload, or table, is gone for good */
export function createLoader(state: RunState, lose: (m: Msg) => void): Loader {
  const { options, lanes } = state
  let loading = 0

  function waitingWith(m: Msg): Msg[] {
    const l = m.lanes[0]!
    const found: Msg[] = []
    let bytes = 0
    for (let i = l.head; i < l.queue.length && found.length < loadMessages && bytes < loadBytes; i++) {
      const o = l.queue[i]!
      if (o.payload !== undefined) continue
      found.push(o)
      bytes += o.size === 0 ? presumedBytes : o.size
    }
    return found
  }

  async function fetch(messages: readonly Msg[]): Promise<Map<number, EventRow>> {
    // a backfilled row is in the log only once the book has written it there
    await options.book.flush()
    const rows = await options.fetch(messages.map((m) => m.id))
    // of a table that was taken out of the sink meanwhile, nobody knows how the sink wants it
    const { tables } = options.target
    return new Map(rows.filter((r) => tables.get(r.source_id)?.former === false).map((r) => [r.event_id, r]))
  }

  async function loadOnce(messages: readonly Msg[]): Promise<void> {
    const rows = await fetch(messages).catch(async (error: unknown) => {
      options.onError(error)
      await new Promise((resolve) => setTimeout(resolve, 500))
    })
    if (state.dead || rows === undefined) return
    for (const m of messages) {
      const row = rows.get(m.id)
      // another read may have been sooner
      if (m.isGone === true || m.payload !== undefined) continue
      if (row === undefined) lose(m)
      // it may have been set aside again meanwhile
      else if (!m.lanes.some(isBlocked)) keepPayload(state, m, row)
    }
  }

  return {
    get busy() {
      return loading > 0
    },
    load(first) {
      const messages = [...new Set(first.flatMap(waitingWith))]
      loading++
      void loadOnce(messages)
        .then(() => {
          loading--
          if (state.dead) return
          for (const m of messages) for (const l of m.lanes) lanes.wake(l)
          state.pump()
        })
        .catch(state.fault)
    },
    async prepare(batch) {
      const missing = batch.members.filter((m) => m.payload === undefined)
      if (missing.length === 0) return []
      const rows = await fetch(missing)
      for (const m of missing) {
        const row = rows.get(m.id)
        if (row !== undefined) restorePayload(state, batch, m, row)
      }
      return missing.filter((m) => m.payload === undefined)
    },
  }
}

/** Gives a member of a frozen batch its payload, and its lanes where an earlier run froze it. */
export function restorePayload(state: RunState, batch: Batch, m: Msg, row: EventRow): void {
  m.payload = row
  m.size = sizeOf(row)
  if (m.lanes.length === 0) m.lanes = lanesWithin(state, batch, row)
  noteTruncate(state, row, m)
}

// A batch that an earlier run froze occupies the groups that are stored with it. An edit of group_by
// may have given its members others since; those belong to other batches, so all of its own count.
function lanesWithin({ lanes, options }: RunState, batch: Batch, row: EventRow): Msg['lanes'] {
  const keys = new Set(groupKeys(options.target, row))
  const all = [...batch.lanes].filter((l) => l.key !== '')
  if (keys.size === 0 || all.length === 0) {
    const own = lanes.occupyOne(batch)
    batch.lanes.add(own)
    return [own]
  }
  // a truncate stands in the groups that there were when it came
  const own = row.action === 't' ? all : all.filter((l) => keys.has(l.key))
  return own.length > 0 ? own : all
}
