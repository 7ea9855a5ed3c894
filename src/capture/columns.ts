// What src/filter must know of a table and of the database's types to compile a filter.
import type postgres from 'postgres'
import type { FilterColumn, FilterType } from '../filter/index.ts'

/** A table as filters see it. */
export interface FilterTable {
  columns: FilterColumn[]
  schema: string
}

/** The columns of a table, by its oid, as they are now. */
export async function filterTable(sql: postgres.ISql, relid: number): Promise<FilterTable> {
  const columns = await sql<(FilterColumn & { schema: string })[]>`
    select a.attname as name, a.attnum, a.atttypid as "typeOid",
      rowhook.type_name(a.atttypid, a.atttypmod) as type,
      case when t.typcategory = 'A' and t.typelem <> 0 then 'array'
           else case t.typtype when 'b' then 'base' when 'e' then 'enum' when 'd' then 'domain'
                when 'c' then 'composite' when 'r' then 'range' when 'm' then 'multirange' else 'pseudo' end
           end as category,
      case when t.typtype = 'd' then rowhook.type_name(rowhook.base_type(t.oid), null) end as "baseType",
      a.attcollation as collation, a.attnotnull as "notNull", n.nspname as schema
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_type t on t.oid = a.atttypid
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where a.attrelid = ${relid} and a.attnum > 0 and not a.attisdropped
    order by a.attnum`
  return {
    schema: columns[0]?.schema ?? 'public',
    columns: columns.map(({ schema: _, baseType, ...column }) => ({
      ...column,
      ...(baseType === null || baseType === undefined ? {} : { baseType }),
    })),
  }
}

/** Every enum and domain that users made. */
export async function filterTypes(sql: postgres.ISql): Promise<FilterType[]> {
  const types = await sql<(Omit<FilterType, 'baseType'> & { baseType: string | null })[]>`
    select n.nspname as schema, t.typname as name, t.oid,
      case t.typtype when 'e' then 'enum' else 'domain' end as kind,
      case when t.typtype = 'd' then rowhook.type_name(rowhook.base_type(t.oid), null) end as "baseType"
    from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where t.typtype in ('e', 'd') and t.oid >= 16384`
  return types.map(({ baseType, ...type }) => (baseType === null ? type : { ...type, baseType }))
}
