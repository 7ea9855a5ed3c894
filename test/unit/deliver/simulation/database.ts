// The tables of a stream as rowhook.save_stream and rowhook.load_stream treat them, in memory, with
// the ways in which a database fails: a save that never arrives, and one whose answer gets lost.
import type { Ops, Position } from '../../../../src/deliver/book.ts'
import type { SavedState } from '../../../../src/deliver/run.ts'

/** What survives a crash. */
export interface StoredStream {
  position: Position
  delivered: number
  batches: Map<string, Ops['freeze'][number] & { dueAt: number | null }>
  held: { seq: number; event_id: number; groups: string[]; failures: number }[]
  discarded: Map<number, string>
  circuit: { open: boolean; failures: number; probes: number; nextAt: number }
  token: number
}

/** An empty stream at the beginning of the log. */
export function emptyStream(position: Position): StoredStream {
  return {
    position,
    delivered: 0,
    batches: new Map(),
    held: [],
    discarded: new Map(),
    circuit: { open: false, failures: 0, probes: 0, nextAt: 0 },
    token: 0,
  }
}

/** Does what rowhook.save_stream does; false: the token is no longer the stream's. */
export function save(
  stream: StoredStream,
  token: number,
  position: Position,
  delivered: number,
  ops: Ops | null,
  now: number,
): boolean {
  if (token !== stream.token) return false
  stream.position = position
  stream.delivered = delivered
  if (ops === null) return true
  for (const f of ops.freeze) {
    const known = stream.batches.get(f.id)
    stream.batches.set(f.id, {
      ...(known ?? f),
      event_ids: f.event_ids,
      member_failures: f.member_failures,
      attempt: f.attempt,
      error: f.error,
      dueAt: f.next_ms === null ? null : now + f.next_ms,
    })
  }
  for (const id of ops.done) stream.batches.delete(id)
  const isHeld = (id: number) => stream.held.some((h) => h.event_id === id)
  for (const h of ops.hold) {
    const seq = stream.held.reduce((n, o) => Math.max(n, o.seq), 0) + 1
    if (!isHeld(h.event_id)) stream.held.push({ ...h, seq })
  }
  const released = new Set(ops.release)
  stream.held = stream.held.filter((h) => !released.has(h.event_id))
  const moved = new Set(ops.hold_first.map((h) => h.event_id))
  const lowest = stream.held.reduce((n, o) => Math.min(n, o.seq), 0)
  stream.held = stream.held.filter((h) => !moved.has(h.event_id))
  for (const [i, h] of ops.hold_first.entries()) {
    stream.held.push({ ...h, seq: lowest - ops.hold_first.length + i })
  }
  for (const d of ops.discard) stream.discarded.set(d.event_id, d.error)
  if (ops.circuit !== undefined) {
    const { state, failures, probes, next_ms } = ops.circuit
    stream.circuit = { open: state === 'open', failures, probes, nextAt: now + (next_ms ?? 0) }
  }
  return true
}

/** What rowhook.load_stream returns. */
export function load(stream: StoredStream, now: number): SavedState {
  return {
    batches: [...stream.batches.values()].map((b) => ({
      id: b.id,
      event_ids: b.event_ids,
      member_failures: b.member_failures,
      groups: b.groups,
      attempt: b.attempt,
      wait_ms: b.dueAt === null ? null : b.dueAt - now,
      error: b.error,
    })),
    held: stream.held
      .toSorted((a, b) => a.seq - b.seq)
      .map(({ event_id, groups, failures }) => ({ event_id, groups, failures })),
  }
}

/** Rows of state that delivery keeps for this stream. */
export const stateRows = (stream: StoredStream): number => stream.batches.size + stream.held.length
