// The groups of a message as keys of lanes, and as rowhook.batch and rowhook.held store them.
import type { EventRow } from '../log/events.ts'
import type { Message } from './lanes.ts'
import type { Target } from './target.ts'

/** Two for an update that changed its group, none where the sink wants no order. */
export function groupKeys(target: Pick<Target, 'tables'>, row: EventRow): string[] {
  const groupColumns = target.tables.get(row.source_id)?.groupColumns ?? null
  if (groupColumns !== null && groupColumns.length === 0) return []
  // A custom group is one over all tables of the sink, a key belongs to its table.
  const key = row.grp !== null ? `=${row.grp}` : rowKey(row.source_id, row.pks)
  const old =
    row.old_grp !== null
      ? `=${row.old_grp}`
      : row.old_pks !== null && row.grp === null
        ? rowKey(row.source_id, row.old_pks)
        : key
  return old === key ? [key] : [old, key]
}

/** No two rows of a table have the same, whatever their key's values are (as rowhook.row_lane, in SQL). */
function rowKey(sourceId: number, pks: readonly string[]): string {
  if (pks.length === 1) return `${sourceId}:${pks[0]}`
  return pks.length === 0 ? tableKey(sourceId) : `${sourceId}:${pks.map(escapeColons).join(':')}`
}

const escapeColons = (text: string): string =>
  text.includes(':') || text.includes('\\') ? text.replaceAll(/[:\\]/g, String.raw`\$&`) : text

/** The group of a truncate, and of all changes of a table without a key: no row's, which has a colon. */
export const tableKey = (sourceId: number): string => `${sourceId}`

/** The group in which the changes of a stale table wait. */
export const staleKey = (sourceId: number): string => `stale:${sourceId}`

/** The source whose changes wait in such a group; undefined: it is none. */
export const sourceOfStale = (key: string): number | undefined =>
  key.startsWith('stale:') ? Number(key.slice('stale:'.length)) : undefined

/** The groups of a message in its lanes; a lane without a key is one message's own. */
export const messageGroups = (m: Message<EventRow>): string[] =>
  m.lanes.flatMap((l) => (l.key === '' ? [] : [l.key]))
