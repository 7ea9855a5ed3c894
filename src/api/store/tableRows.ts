// Rows of a user's table, for a person to look at.
import type postgres from 'postgres'
import { DatabaseError } from '../../errors.ts'

/** Longest wait for the rows; a table without a key, or one that is locked, must not hold up a page. */
const timeoutMs = 2000

/**
 * The last five rows in the order of the key, or any five where there is none, as text.
 * @param relid pg_class.oid of the table
 * @throws DatabaseError when that takes too long: the table is locked, or huge and without an index
 */
export async function lastRows(
  sql: postgres.Sql,
  relid: number,
  name: string,
): Promise<Record<string, string | null>[]> {
  try {
    return await sql.begin('read only', (tx) => read(tx, relid))
  } catch (error) {
    if (!tooLong.has((error as { code?: string }).code ?? '')) throw error
    throw new DatabaseError(`the rows of ${name} could not be read within ${timeoutMs / 1000} s`, {
      hint: 'Perhaps another transaction has locked the table; try again in a moment.',
      cause: error,
    })
  }
}

/** lock_not_available and query_canceled */
const tooLong = new Set(['55P03', '57014'])

async function read(tx: postgres.TransactionSql, relid: number): Promise<Record<string, string | null>[]> {
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
}
