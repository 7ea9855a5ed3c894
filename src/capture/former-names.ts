// Filters are stored as they were written, with the columns' names of then. Here they get the names of now.
import { respell } from '../filter/index.ts'
import type { FilterInput } from './filter-check.ts'

/** What columns are called now, by the names that they had when something that names them was saved. */
export type Renames = Record<
  string,
  {
    now: string
    /** Another column has the former name, which therefore means something else now. */
    taken: boolean
  }
>

/**
 * SQL: the renames since then, as JSON; null where there are none.
 * @param names SQL of a jsonb: names by column number, and the table's oid under "table"
 * @param relid SQL of the table's oid, null where the table is not the one that the names are of
 */
export const renamesSince = (names: string, relid: string): string => `
  (select json_object_agg(n.value, json_build_object('now', a.attname, 'taken', exists (
      select from pg_catalog.pg_attribute o
      where o.attrelid = ${relid} and o.attname = n.value and not o.attisdropped)))
   from jsonb_each_text(${names}) n
   join pg_catalog.pg_attribute a on a.attrelid = ${relid} and not a.attisdropped
     and a.attnum = case when n.key <> 'table' then n.key::int2 end
   where a.attname <> n.value)`

/** A stored filter under the names of now. */
export async function presentFilter<Filter>(filter: Filter, renames: Renames | null): Promise<Filter> {
  if (renames === null || filter === null) return filter
  const names = new Map(Object.entries(renames).map(([name, { now }]) => [name, now]))
  return (await respell(filter as FilterInput, names)) as Filter
}
