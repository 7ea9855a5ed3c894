// The backfills that sinks were made with, as they were asked for.
import { sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'
import type { BackfillInput } from '../schema/history.ts'
import { sourceName } from './sources.ts'

/** By sink; a sink that was made without one is not among them. */
export async function firstBackfills(
  db: Db,
  sinkIds: readonly number[],
): Promise<Map<number, BackfillInput>> {
  // Both take the time of the transaction that makes them, and no other transaction can add to a sink
  // that is not committed yet.
  const { rows } = await sql<{ sink_id: number; tables: BackfillInput['tables'] }>`
    select b.sink_id, jsonb_agg(jsonb_build_object(
      'name', ${sourceName}, 'where', t.where_text, 'sort_column', t.sort_column,
      'start', t.range_start, 'end', t.range_end) order by t.ordinal) as tables
    from rowhook.sink k
    join rowhook.backfill b on b.sink_id = k.id and b.created_at = k.created_at
    join rowhook.backfill_table t on t.backfill_id = b.id
    join rowhook.source s on s.id = t.source_id
    where k.id = any (${[...sinkIds]}::int[])
    group by b.sink_id`.execute(db)
  return new Map(rows.map(({ sink_id, tables }) => [sink_id, { tables }]))
}
