// Rows of a user's table, for a person to look at.
import type postgres from 'postgres'

/** Longest wait for the rows; a table without a key, or one that is locked, must not hold up a page. */
const timeoutMs = 2000

/**
 * The last five rows in the order of the key, or any five where there is none, as text.
 * @param relid pg_class.oid of the table
 */
export async function lastRows(sql: postgres.Sql, relid: number): Promise<Record<string, string | null>[]> {
  return sql.begin('read only', async (tx) => {
    await tx`select set_config('statement_timeout', ${`${timeoutMs}ms`}, true),
      set_config('lock_timeout', ${`${timeoutMs}ms`}, true)`
    const [statement] = await tx<{ text: string }[]>`
      select format('select %s from %s t %s limit 5',
        coalesce((select string_agg(format('left(t.%1$I::text, 200) as %1$I', a.attname), ', ' order by a.attnum)
          from pg_catalog.pg_attribute a
          where a.attrelid = ${relid} and a.attnum > 0 and not a.attisdropped), ''),
        rowhook.table_name(${relid}),
        coalesce('order by ' || (
          select string_agg(format('t.%I desc', a.attname), ', ' order by k.at)
          from unnest(rowhook.table_key(${relid})) with ordinality k (attnum, at)
          join pg_catalog.pg_attribute a on a.attrelid = ${relid} and a.attnum = k.attnum), '')) as text`
    return [...(await tx.unsafe<Record<string, string | null>[]>(statement!.text))]
  })
}
