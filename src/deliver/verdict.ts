// Verdicts that capture left open (the table had changed, or a filter raised): they are made here,
// when the event is read, by the database over the stored record (rowhook.decide).
import type { Sql } from 'postgres'
import type { EventRow } from '../log/events.ts'
import { fetchEvents } from '../log/events.ts'
import type { Ops } from './book.ts'
import { groupKeys, isStaleKey, staleKey } from './group.ts'
import type { Decided, SavedState } from './run.ts'
import type { ClaimedStream } from './store.ts'
import type { Target } from './target.ts'

interface Verdict {
  event_id: number
  verdict: 'wanted' | 'unwanted' | 'error' | 'stale'
  grp: string | null
  old_grp: string | null
  error: string | null
}

/** Makes the function that sorts rows by their verdicts. */
export function createDecider(
  sql: Sql,
  target: Target,
  refreshSource: (sourceId: number) => Promise<void>,
): (rows: EventRow[]) => Promise<Decided> {
  return async (rows) => {
    const open = new Map<number, number[]>()
    // of a table that was taken out of the sink, all is discarded, whatever its filter would have said
    const isOpen = (r: EventRow): boolean => r.undecided && target.tables.get(r.source_id)?.former === false
    for (const r of rows) {
      if (!isOpen(r)) continue
      const ids = open.get(r.source_id)
      if (ids === undefined) open.set(r.source_id, [r.event_id])
      else ids.push(r.event_id)
    }
    const verdicts = new Map<number, Verdict>()
    for (const [sourceId, ids] of open) {
      await refreshSource(sourceId)
      const found = await sql<Verdict[]>`
        select event_id::float8 as event_id, verdict, grp, old_grp, error
        from rowhook.decide(${target.sink.id}, ${ids}, ${sourceId})`
      for (const v of found) verdicts.set(v.event_id, v)
    }
    const decided: Decided = { rows: [], errors: [], stale: [] }
    for (const row of rows) {
      const v = verdicts.get(row.event_id)
      if (!isOpen(row)) decided.rows.push(row)
      else if (v?.verdict === 'wanted') decided.rows.push({ ...row, grp: v.grp, old_grp: v.old_grp })
      else if (v?.verdict === 'error')
        decided.errors.push({ row, error: v.error ?? 'the filter raised an error' })
      else if (v?.verdict === 'stale') decided.stale.push(row)
    }
    return decided
  }
}

/**
 * Messages that waited for a stale table to be mended, or taken out, get their verdicts and groups now; those of a
 * table that is still stale stay where they are. `ops` are to be noted in the new run's book.
 */
export async function resolveStale(
  sql: Sql,
  target: Target,
  stream: ClaimedStream,
  saved: SavedState,
  decide: (rows: EventRow[]) => Promise<Decided>,
): Promise<{ state: SavedState; ops: ((ops: Ops) => void)[] }> {
  const stale = new Set(
    [...target.tables].filter(([, t]) => t.stale !== null).map(([sourceId]) => staleKey(sourceId)),
  )
  const waiting = saved.held.filter(
    ({ groups: [group, ...more] }) =>
      group !== undefined && more.length === 0 && isStaleKey(group) && !stale.has(group),
  )
  if (waiting.length === 0) return { state: saved, ops: [] }

  const ops: ((ops: Ops) => void)[] = []
  const groups = new Map<number, string[]>()
  for (let i = 0; i < waiting.length; i += 500) {
    const ids = waiting.slice(i, i + 500).map((h) => h.event_id)
    const rows = await fetchEvents(sql, stream.sinkId, ids)
    const decided = await decide(rows)
    for (const row of decided.rows) groups.set(row.event_id, groupKeys(target, row))
    for (const row of decided.stale) groups.set(row.event_id, [staleKey(row.source_id)])
    for (const { row, error } of decided.errors) {
      ops.push((o) =>
        o.discard.push({
          event_id: row.event_id,
          groups: groupKeys(target, row),
          attempts: 0,
          webhook_id: null,
          error,
        }),
      )
    }
    for (const id of ids) if (!groups.has(id)) ops.push((o) => o.release.push(id))
  }
  const resolved = new Set(waiting.map((h) => h.event_id))
  return {
    state: {
      batches: saved.batches,
      held: saved.held.flatMap((h) => {
        if (!resolved.has(h.event_id)) return [h]
        const keys = groups.get(h.event_id)
        return keys === undefined ? [] : [{ ...h, groups: keys }]
      }),
    },
    ops,
  }
}
