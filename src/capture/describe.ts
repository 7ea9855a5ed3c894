// What a person may choose a source from: GET /api/tables.
import type postgres from 'postgres'
import { type Renames, presentFilter, renamesSince } from './former-names.ts'

/** One column of a table. */
export interface TableColumn {
  name: string
  /** As Postgres writes it: `numeric(10,2)`. */
  type: string
  nullable: boolean
}

/** A table that could be a source, or why it could not. */
export interface TableDescription {
  /** Quoted, with its schema: what a sink would call it. */
  name: string
  schema: string
  table: string
  columns: TableColumn[]
  /** In key order; empty: none, and all rows of the table are one group. */
  primary_key: string[]
  /** Of a partitioned table: its partitions at all levels, quoted; of others empty. */
  partitions: string[]
  captured: boolean
  /** Names of the sinks that have the table. */
  sinks: string[]
  /** How long history is kept, wanted by a sink or not; null: not at all. */
  retention: { keep: string; filter: unknown } | null
  /** Why it cannot be captured, and what to do about it; null: it can. */
  refusal: string | null
}

/**
 * Tables that could be sources, by name; partitions stand with their root.
 * @param options.after a name: only what sorts behind it
 * @param options.name only this table
 */
export async function describeTables(
  sql: postgres.ISql,
  options: { after?: string; limit?: number; name?: string } = {},
): Promise<TableDescription[]> {
  const rows = await sql<(TableDescription & { renames: Renames | null })[]>`
    select d.* from (
      select t.name, t.schema, t."table",
        (select coalesce(json_agg(json_build_object('name', a.attname,
            'type', rowhook.type_name(a.atttypid, a.atttypmod),
            'nullable', not a.attnotnull) order by a.attnum), '[]')
         from pg_catalog.pg_attribute a
         where a.attrelid = t.relid and a.attnum > 0 and not a.attisdropped) as columns,
        array(select a.attname::text
              from unnest(rowhook.table_key(t.relid)) with ordinality k(attnum, at)
              join pg_catalog.pg_attribute a on a.attrelid = t.relid and a.attnum = k.attnum
              order by k.at) as primary_key,
        array(select rowhook.table_name(m.relid) from rowhook.table_tree(t.relid) m
              where m.kind = 'partition' order by 1) as partitions,
        exists (select from pg_catalog.pg_trigger g
                where g.tgrelid = t.relid and g.tgfoid = to_regprocedure(format('rowhook.capture_%s()', s.id))) as captured,
        array(select k.name from rowhook.sink_table e join rowhook.sink k on k.id = e.sink_id
              where e.source_id = s.id order by k.name) as sinks,
        case when s.retention is not null then
          json_build_object('keep', s.retention::text, 'filter', s.retention_filter) end as retention,
        ${sql.unsafe(renamesSince('s.retention_names', 's.relid'))} as renames,
        rowhook.refusal(t.relid) as refusal
      from (
        select c.oid as relid, n.nspname as schema, c.relname as "table", rowhook.table_name(c.oid) as name
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
          and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'rowhook', 'rowhook_worker')
          and (${options.name ?? null}::text is null or c.oid = rowhook.find_table(${options.name ?? null}))) t
      left join rowhook.source s on s.relid = t.relid) d
    where ${options.after ?? null}::text is null or d.name > ${options.after ?? null} collate "C"
    order by d.name collate "C"
    limit ${options.limit ?? null}`
  return Promise.all(
    rows.map(async ({ renames, ...table }) => {
      if (table.retention !== null) {
        table.retention.filter = await presentFilter(table.retention.filter, renames)
      }
      return table
    }),
  )
}
