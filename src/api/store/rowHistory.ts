// Retained changes of one row, by rowhook.history.
import { sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'

/** A change; `record` and `changes` are raw JSON, so that numbers keep their digits. */
export interface RowChange {
  event_id: string
  action: string
  key: string
  previous_key: string | null
  captured_at: string
  transaction_id: string
  annotations: string | null
  sinks: string[]
  record: string | null
  changes: string | null
  /** Length of record and changes together; longer than asked for, they are null. */
  bytes: number
}

/** Newest first, from after (older than) the one with the event id `before`. */
export async function listRowHistory(
  db: Db,
  table: string,
  key: string,
  limit: number,
  { before, maxBytes }: { before?: string | undefined; maxBytes?: number | undefined } = {},
): Promise<RowChange[]> {
  const { rows } = await sql<RowChange>`
    select h.event_id::text as event_id, h.action, h.key, h.previous_key,
      to_char(h.captured_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as captured_at,
      h.transaction_id, h.annotations, h.sinks, x.bytes,
      case when x.fits then h.record::text end as record, case when x.fits then h.changes::text end as changes
    from rowhook.history(${table}, ${key}) h
    cross join lateral (
      select coalesce(octet_length(h.record::text), 0) + coalesce(octet_length(h.changes::text), 0) as bytes) l
    cross join lateral (select l.bytes, l.bytes <= coalesce(${maxBytes ?? null}::int, 2147483647) as fits) x
    where ${before ?? null}::bigint is null or h.event_id < ${before ?? null}::bigint
    order by h.event_id desc
    limit ${limit}`.execute(db)
  return rows
}
