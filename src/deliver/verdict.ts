// Verdicts that capture left open (the table had changed, or a filter raised): they are made here,
// when the event is read, by the database over the stored record (rowhook.decide).
import type { Sql } from 'postgres'
import type { EventRow } from '../log/events.ts'
import type { Ops } from './book.ts'
import { groupKeys, sourceOfStale } from './group.ts'
import type { Decided, SavedState } from './run.ts'
import type { MessageTable } from './message.ts'
import type { Target } from './target.ts'
import { sendable } from './target.ts'

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
      const [name] = await sql<[MessageTable?]>`
        select schema_name as schema, table_name as table from rowhook.source where id = ${sourceId}`
      // the change may be the first under another name
      if (name !== undefined) target.rename(sourceId, name)
      const found = await sql<Verdict[]>`
        select event_id::float8 as event_id, verdict, grp, old_grp, error
        from rowhook.decide(${target.sink.id}, ${ids}, ${sourceId})`
      for (const v of found) verdicts.set(v.event_id, v)
    }
    const decided: Decided = { rows: [], errors: [], stale: new Set() }
    for (const row of rows) {
      const v = verdicts.get(row.event_id)
      if (!isOpen(row)) decided.rows.push(row)
      else if (v?.verdict === 'wanted') decided.rows.push({ ...row, grp: v.grp, old_grp: v.old_grp })
      else if (v?.verdict === 'error')
        decided.errors.push({ row, error: v.error ?? 'the filter raised an error' })
      else if (v?.verdict === 'stale') {
        decided.rows.push(row)
        decided.stale.add(row.event_id)
      }
    }
    return decided
  }
}

/**
 * Messages that waited for a stale table to be mended, or taken out, get their verdicts now; those of a table
 * that is still stale stay where they are. `ops` are to be noted in the new run's book.
 */
export async function resolveStale(
  target: Target,
  saved: SavedState,
  fetch: (ids: number[]) => Promise<EventRow[]>,
  decide: (rows: EventRow[]) => Promise<Decided>,
): Promise<{ state: SavedState; ops: ((ops: Ops) => void)[] }> {
  const waiting: number[] = []
  const waits = new Set<number>()
  for (const { event_id, groups } of saved.held) {
    const source = sourceOfStale(groups[0] ?? '')
    if (source === undefined) continue
    if ((target.tables.get(source)?.stale ?? null) === null) waiting.push(event_id)
    else waits.add(source)
  }
  const ops: ((ops: Ops) => void)[] = []
  const mended = new Map<number, EventRow>()
  const done = new Set<number>()
  for (let i = 0; i < waiting.length; i += 500) {
    const found = await fetch(waiting.slice(i, i + 500))
    const decided = await decide(found)
    for (const row of sendable(target, decided.rows)) {
      if (decided.stale.has(row.event_id)) waits.add(row.source_id)
      else mended.set(row.event_id, row)
    }
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
    // one whose payload is gone from the log stays: it is lost, and found to be when its turn comes
    for (const { event_id: id } of found) {
      if (mended.has(id) || decided.stale.has(id)) continue
      done.add(id)
      ops.push((o) => o.release.push(id))
    }
  }
  const held = saved.held.filter((h) => !done.has(h.event_id))
  return { state: { ...saved, held, mended, waits }, ops }
}
