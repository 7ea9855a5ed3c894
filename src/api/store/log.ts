// Partitions of the logs. They are made, kept and dropped by rowhook.maintain().
import { sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'

/** A day of a log. */
export interface LogPartition {
  log: 'event' | 'delivery'
  name: string
  starts_at: string | null
  ends_at: string | null
  bytes: number
  rows: number | null
  kept_for: string | null
}

/** Oldest first; what no day has room for stands last. */
export async function listPartitions(db: Db): Promise<LogPartition[]> {
  const time = (column: string) =>
    sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`
  const { rows } = await sql<LogPartition>`
    select p.log, p.name, ${time('p.starts_at')} as starts_at, ${time('p.ends_at')} as ends_at,
      p.bytes::double precision as bytes,
      case when c.reltuples >= 0 then c.reltuples::double precision end as rows,
      p.kept_for
    from (
      select 'event' as log, l.name, l.starts_at, l.ends_at, l.bytes, l.kept_for from rowhook.log_partitions l
      union all
      select 'delivery', d.name, d.starts_at, d.ends_at, pg_catalog.pg_total_relation_size(d.relid), null
      from rowhook.partitions('delivery') d
      union all
      select 'delivery', 'delivery_default', null, null, pg_catalog.pg_total_relation_size('rowhook.delivery_default'), null) p
    join pg_catalog.pg_class c on c.relname = p.name and c.relnamespace = 'rowhook'::regnamespace
    order by p.log desc, p.starts_at nulls last`.execute(db)
  return rows
}
