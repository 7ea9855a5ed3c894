// Captured tables, by number and by name. Names are those of now: sources follow renames.
import { sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'

/** A source's name, quoted where SQL needs it; a table that was dropped keeps its last one. */
export const sourceName = sql<string>`
  coalesce(rowhook.table_name(s.relid), quote_ident(s.schema_name) || '.' || quote_ident(s.table_name))`

/** The number of the source that a name means; undefined: no such table is, or was, captured. */
export async function findSourceId(db: Db, name: string): Promise<number | undefined> {
  const { rows } = await sql<{ id: number }>`
    select s.id from rowhook.source s
    where s.relid = rowhook.find_table(${name}) or ${sourceName} = ${name}
    order by s.relid is null, s.id desc
    limit 1`.execute(db)
  return rows[0]?.id
}

/** Names by number. */
export async function sourceNames(db: Db, ids: readonly number[]): Promise<Map<number, string>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<{ id: number; name: string }>`
    select s.id, ${sourceName} as name from rowhook.source s
    where s.id = any (${[...new Set(ids)]}::int[])`.execute(db)
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** Numbers of the sources that these tables (pg_class.oid) are. */
export async function sourceIdsOf(db: Db, relids: readonly number[]): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from rowhook.source where relid::oid = any (${relids.map(String)}::text[]::oid[])`.execute(db)
  return rows.map(({ id }) => id)
}

/** The tables of a sink that still exist. */
export async function sourcesOfSink(
  db: Db,
  sinkId: number,
): Promise<{ id: number; relid: number; name: string }[]> {
  const { rows } = await sql<{ id: number; relid: number; name: string }>`
    select s.id, s.relid::oid as relid, ${sourceName} as name
    from rowhook.sink_table t
    join rowhook.source s on s.id = t.source_id
    join pg_catalog.pg_class c on c.oid = s.relid
    where t.sink_id = ${sinkId}
    order by t.ordinal`.execute(db)
  return rows
}

/** The number of the source that this table (pg_class.oid) is; undefined: it is not the sink's. */
export async function sourceIdOfSink(db: Db, sinkId: number, relid: number): Promise<number | undefined> {
  return (await sourcesOfSink(db, sinkId)).find((source) => source.relid === relid)?.id
}

/** Names of existing tables as the database spells them, by what a person called them. */
export async function tableNames(db: Db, given: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ given: string; name: string }>`
    select g.given, rowhook.table_name(rowhook.find_table(g.given)) as name
    from (select distinct unnest(${[...given]}::text[]) as given) g
    where rowhook.find_table(g.given) is not null`.execute(db)
  return new Map(rows.map((row) => [row.given, row.name]))
}
