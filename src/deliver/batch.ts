// A batch's life as a total state table, and what a batch is.
import type { EventRow } from '../log/events.ts'
import type { Tier } from './circuit.ts'
import type { Lane, Message } from './lanes.ts'

/**
 * sending: its request is under way, and only memory knows it; parked: the same, but it stands in
 * rowhook.batch, so that the position may pass it; waiting: frozen until its next attempt.
 */
export type BatchState = 'sending' | 'parked' | 'waiting' | 'over'
export type BatchEvent = 'park' | 'due' | 'delivered' | 'failed' | 'split' | 'discarded'

const over = 'over'
const next: Record<BatchState, Record<BatchEvent, BatchState>> = {
  sending: {
    park: 'parked',
    due: 'sending',
    delivered: over,
    failed: 'waiting',
    split: over,
    discarded: over,
  },
  parked: { park: 'parked', due: 'parked', delivered: over, failed: 'waiting', split: over, discarded: over },
  waiting: {
    park: 'waiting',
    due: 'parked',
    delivered: over,
    failed: 'waiting',
    split: over,
    discarded: over,
  },
  over: { park: over, due: over, delivered: over, failed: over, split: over, discarded: over },
}

export interface Batch {
  /** The webhook-id; it is made of the members, and never changes once they are known. */
  id: string
  state: BatchState
  members: Message<EventRow>[]
  /** The lanes that it occupies; no later message of these is sent before it is over. */
  lanes: Set<Lane<EventRow>>
  /** What its failure would say about the receiver. */
  tier: Tier
  /** Requests made, the running one included. */
  attempt: number
  /** It has a row in rowhook.batch. */
  stored: boolean
  /** Monotonic milliseconds: when its request began. */
  startedAt: number
  timer: NodeJS.Timeout | undefined
}

/** Whether the lane waits for a batch that is written down, or for an edit of the sink. */
export const isBlocked = (l: Lane<EventRow>): boolean => l.busy !== null && (l.busy as Batch).stored

/** Occupies the lane of a stale table's changes for as long as the run lives. */
export const staleBlocker = { stored: true }

/** Moves a batch along its state table. */
export function advance(batch: Batch, event: BatchEvent): void {
  batch.state = next[batch.state][event]
}

/** The group keys of a batch's members, each once. */
export function batchGroups(batch: Batch): string[] {
  const keys = new Set<string>()
  for (const m of batch.members) for (const l of m.lanes) if (l.key !== '') keys.add(l.key)
  for (const l of batch.lanes) if (l.key !== '') keys.add(l.key)
  return [...keys]
}

/**
 * The webhook-id of a batch that is sent for the first time: made of its members, so that the same
 * batch, formed again after a crash, keeps its id. FNV-1a over the ids tells equal ends apart.
 */
export function firstBatchId(scope: string, members: readonly Message<EventRow>[]): string {
  const first = members[0]!.id
  if (members.length === 1) return `msg_${scope}_${first}`
  let hash = 0x811c9dc5
  for (const m of members) {
    hash = Math.imul(hash ^ (m.id | 0), 0x01000193)
    hash = Math.imul(hash ^ Math.floor(m.id / 4294967296), 0x01000193)
  }
  return `msg_${scope}_${first}_${members[members.length - 1]!.id}_${(hash >>> 0).toString(16)}${members.length.toString(16)}`
}

/** Halves of a batch's members that share no group where that is possible. */
export function halve(members: readonly Message<EventRow>[]): {
  first: Message<EventRow>[]
  second: Message<EventRow>[]
  /** The second half must wait for the first: they share a group. */
  inOrder: boolean
} {
  const half = Math.ceil(members.length / 2)
  const lanesOf = new Map<Lane<EventRow>, Message<EventRow>[]>()
  const simple = members.every((m) => m.lanes.length === 1)
  if (simple) {
    for (const m of members) {
      const l = m.lanes[0]!
      const list = lanesOf.get(l)
      if (list === undefined) lanesOf.set(l, [m])
      else list.push(m)
    }
  }
  if (!simple || lanesOf.size < 2) {
    return { first: members.slice(0, half), second: members.slice(half), inOrder: true }
  }
  const first: Message<EventRow>[] = []
  const second: Message<EventRow>[] = []
  let left = lanesOf.size
  for (const list of lanesOf.values()) {
    const wanted = first.length === 0 || (first.length + list.length <= half && left > 1)
    ;(wanted ? first : second).push(...list)
    left--
  }
  if (second.length === 0)
    return { first: members.slice(0, half), second: members.slice(half), inOrder: true }
  return { first, second, inOrder: false }
}
