// The tables of a stream as rowhook.save_stream and rowhook.load_stream treat them, in memory, with
// the ways in which a database fails: a save that never arrives, and one whose answer gets lost.
import type { Ops, Position } from '../../../../src/deliver/book.ts'
import type { SavedCircuit } from '../../../../src/deliver/circuit.ts'
import type { SavedState } from '../../../../src/deliver/run.ts'

/** What survives a crash. */
export interface StoredStream {
  position: Position
  delivered: number
  batches: Map<string, Ops['freeze'][number] & { dueAt: number | null }>
  held: { seq: number; event_id: number; groups: string[]; failures: number }[]
  discarded: Map<number, string>
  /** Of those that a run discarded, which have no groups to be redelivered in. */
  ungrouped: Set<number>
  circuit: SavedCircuit
  token: number
  save: number
}

/** An empty stream at the beginning of the log. */
export function emptyStream(position: Position): StoredStream {
  return {
    position,
    delivered: 0,
    batches: new Map(),
    held: [],
    discarded: new Map(),
    ungrouped: new Set(),
    circuit: { open: false, blind: false, failures: 0, probes: 0, nextAt: 0 },
    token: 0,
    save: 0,
  }
}

/** Does what rowhook.save_stream does; false: the token is no longer the stream's. */
export function save(
  stream: StoredStream,
  token: number,
  number: number,
  position: Position,
  delivered: number,
  ops: Ops | null,
  now: number,
): boolean {
  if (token !== stream.token) return false
  if (number < stream.save) return true
  stream.save = number
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
  const regrouped = new Map(ops.regroup.map(({ event_id: id, groups }) => [id, groups]))
  for (const h of stream.held) h.groups = regrouped.get(h.event_id) ?? h.groups
  const released = new Set(ops.release)
  stream.held = stream.held.filter((h) => !released.has(h.event_id))
  const moved = new Set(ops.hold_first.map((h) => h.event_id))
  const lowest = stream.held.reduce((n, o) => Math.min(n, o.seq), 0)
  stream.held = stream.held.filter((h) => !moved.has(h.event_id))
  for (const [i, h] of ops.hold_first.entries()) {
    stream.held.push({ ...h, seq: lowest - ops.hold_first.length + i })
  }
  for (const d of ops.discard) {
    stream.discarded.set(d.event_id, d.error)
    if (d.groups.length === 0) stream.ungrouped.add(d.event_id)
  }
  if (ops.circuit !== undefined) {
    const { state, blind, failures, probes, next_ms } = ops.circuit
    stream.circuit = { open: state === 'open', blind, failures, probes, nextAt: now + (next_ms ?? 0) }
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

const isWritten = (stream: StoredStream, id: number): boolean =>
  stream.held.some((h) => h.event_id === id) ||
  [...stream.batches.values()].some((b) => b.event_ids.includes(id))

/** What rowhook.cap_partition does about messages whose payload it drops: those written down wait to be found lost. */
export function cap(stream: StoredStream, ids: readonly number[]): void {
  for (const id of ids) {
    if (id <= stream.position.last || isWritten(stream, id) || stream.discarded.has(id)) continue
    stream.discarded.set(id, 'the log was cut off')
  }
}

/** What rowhook.discard_messages does; what was delivered stays as it is. */
export function discard(
  stream: StoredStream,
  ids: number[],
  groupsOf: (id: number) => string[],
  now: number,
): void {
  const going = new Set(ids)
  const error = 'discarded by request'
  for (const [batchId, b] of stream.batches) {
    if (!b.event_ids.some((id) => going.has(id))) continue
    stream.batches.delete(batchId)
    for (const id of b.event_ids) if (going.has(id)) stream.discarded.set(id, error)
    const rest = b.event_ids.flatMap((id, i) =>
      going.has(id) ? [] : [{ id, failures: b.member_failures[i]! }],
    )
    if (rest.length === 0) continue
    const id = `${batchId}r`
    stream.batches.set(id, {
      id,
      event_ids: rest.map((m) => m.id),
      member_failures: rest.map((m) => m.failures),
      groups: [...new Set(rest.flatMap((m) => groupsOf(m.id)))],
      attempt: 0,
      next_ms: 0,
      error: b.error,
      dueAt: now,
    })
  }
  for (const h of stream.held) if (going.has(h.event_id)) stream.discarded.set(h.event_id, error)
  stream.held = stream.held.filter((h) => !going.has(h.event_id))
  for (const id of ids) {
    if (id > stream.position.last && !stream.discarded.has(id)) stream.discarded.set(id, error)
  }
}

/** What rowhook.redeliver_messages does. */
export function redeliver(
  stream: StoredStream,
  ids: number[],
  groupsOf: (id: number) => string[],
  now: number,
): void {
  const asked = new Set(ids)
  for (const b of stream.batches.values()) {
    if (b.dueAt === null || !b.event_ids.some((id) => asked.has(id))) continue
    b.dueAt = now
    stream.circuit.nextAt = now
  }
  for (const id of ids) {
    if (isWritten(stream, id)) continue
    stream.discarded.delete(id)
    if (id > stream.position.last) continue
    const seq = stream.held.reduce((n, o) => Math.max(n, o.seq), 0) + 1
    stream.held.push({ seq, event_id: id, groups: groupsOf(id), failures: 0 })
  }
}
