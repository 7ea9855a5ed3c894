// A truncate changes every row of its table, so it stands in every group: behind all that came before
// it, before all that comes after. Behind, because it joins each lane of the table that there is;
// before, because later messages of the table join its own lane until it is done with. It waits behind a
// failing group, and the table's other groups with it: rare, and the truth about a table that was emptied.
import type { EventRow } from '../log/events.ts'
import { groupKeys, tableKey } from './group.ts'
import type { Message } from './lanes.ts'
import type { RunState } from './state.ts'

type Msg = Message<EventRow>

/** The keys of the lanes that a message joins, in the order of its groups. */
export function laneKeys({ options: { target }, lanes, truncates }: RunState, row: EventRow): string[] {
  const keys = groupKeys(target, row)
  const isTruncate = row.action === 't'
  // the second: no order is wanted
  if ((!isTruncate && !truncates.has(row.source_id)) || keys.length === 0) return keys
  if (isTruncate) {
    const custom = (target.tables.get(row.source_id)?.groupColumns ?? null) !== null
    const own = tableKey(row.source_id)
    for (const { key } of lanes.all()) {
      if (key === own || key.startsWith(`${own}:`) || (custom && key.startsWith('='))) keys.push(key)
    }
  } else {
    keys.push(tableKey(row.source_id))
  }
  return [...new Set(keys)]
}

function note({ truncates }: RunState, sourceId: number, m: Msg): void {
  const noted = truncates.get(sourceId)
  if (noted === undefined) truncates.set(sourceId, new Set([m]))
  else noted.add(m)
}

/** A message has come into its lanes, or back from the log into its batch. */
export function noteTruncate(state: RunState, row: EventRow, m: Msg): void {
  if (row.action === 't') note(state, row.source_id, m)
  else if (state.truncates.has(row.source_id))
    m.isBarred = m.lanes.length > groupKeys(state.options.target, row).length
}

/**
 * Messages of an earlier run, whose action is not known: what stands in a table's own lane may be a
 * truncate. Of a table without a key it is any message, and its lane is this one anyway.
 */
export function noteStored(state: RunState, groups: readonly string[], m: Msg): void {
  for (const sourceId of state.options.target.tables.keys()) {
    if (groups.includes(tableKey(sourceId))) note(state, sourceId, m)
  }
}

/** Whether these groups of a message are its own and, last, its table's. */
export const standsInTable = (groups: readonly string[]): boolean =>
  groups.length > 1 && /^\d+$/.test(groups.at(-1)!)

/** Whether what stands in a table's own group, named last of these, has a truncate to wait for. */
export const waitsForTruncate = ({ truncates }: RunState, groups: readonly string[]): boolean =>
  truncates.has(Number(groups.at(-1)))

/** Whether later messages wait for this one. */
export function isTruncate({ truncates }: RunState, m: Msg): boolean {
  for (const noted of truncates.values()) if (noted.has(m)) return true
  return false
}

/** A message was delivered, or its discarding is written down: after a crash it is not sent first again. */
export function passTruncate({ truncates, lanes }: RunState, m: Msg): void {
  for (const [sourceId, noted] of truncates) {
    if (!noted.delete(m) || noted.size > 0) continue
    truncates.delete(sourceId)
    lanes.unbar(tableKey(sourceId))
  }
}
