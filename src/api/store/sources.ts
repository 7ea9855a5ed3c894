// Captured tables, by number and by name. Names are those of now: sources follow renames.
import { sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'
import { InputError } from '../../errors.ts'
import { parseTableName } from '../tableName.ts'

/** The number of the source that is this table; undefined: the table is not captured. */
export async function findSourceId(db: Db, name: string, path: string): Promise<number | undefined> {
  const parsed = parseTableName(name)
  if (parsed === undefined)
    throw new InputError([{ path, message: 'is not the name of a table, such as public.orders' }])
  const { rows } = await sql<{ id: number }>`
    select s.id
    from rowhook.source s
    left join pg_catalog.pg_class c on c.oid = s.relid
    left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where coalesce(n.nspname, s.schema_name) = ${parsed.schema} and coalesce(c.relname, s.table_name) = ${parsed.table}
    order by s.relid is null, s.id desc
    limit 1`.execute(db)
  return rows[0]?.id
}

/** Names of sources by number, quoted where SQL needs it. */
export async function sourceNames(db: Db, ids: readonly number[]): Promise<Map<number, string>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<{ id: number; name: string }>`
    select s.id,
      quote_ident(coalesce(n.nspname, s.schema_name)) || '.' || quote_ident(coalesce(c.relname, s.table_name)) as name
    from rowhook.source s
    left join pg_catalog.pg_class c on c.oid = s.relid
    left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where s.id = any (${[...new Set(ids)]}::int[])`.execute(db)
  return new Map(rows.map(({ id, name }) => [id, name]))
}
