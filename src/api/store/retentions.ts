// Retentions: columns of rowhook.source.
import { sql } from 'kysely'
import type postgres from 'postgres'
import { type Renames, presentFilter, renamesSince } from '../../capture/former-names.ts'
import type { ResolvedTable } from '../../capture/tables.ts'
import type { Db } from '../../db/kysely.ts'
import { InputError } from '../../errors.ts'
import { sourceName } from './sources.ts'

/** How long every change of a table is kept. */
export interface Retention {
  source_id: number
  /** Quoted, with its schema. */
  table: string
  /** As Postgres prints the interval. */
  keep: string
  filter: unknown
  /** The filter as it was given, where columns that it may name have got other names since. */
  former?: unknown
}

const selected = sql`
  select s.id as source_id, ${sourceName} as "table", s.retention::text as keep, s.retention_filter as filter,
    ${sql.raw(renamesSince('s.retention_names', 's.relid'))} as renames
  from rowhook.source s`

type Stored = Omit<Retention, 'former'> & { renames: Renames | null }

async function present({ renames, ...stored }: Stored): Promise<Retention> {
  if (renames === null || stored.filter === null) return stored
  const filter = await presentFilter(stored.filter, renames)
  // a former name that another column has taken means that column
  if (Object.values(renames).some(({ taken }) => taken)) return { ...stored, filter }
  return { ...stored, filter, former: stored.filter }
}

/** All of them, by table. */
export async function listRetentions(db: Db): Promise<Retention[]> {
  const { rows } = await sql<Stored>`${selected} where s.retention is not null order by 2`.execute(db)
  return Promise.all(rows.map(present))
}

/** That of the table that a name means; undefined: its history is not kept. */
export async function findRetention(db: Db, table: string): Promise<Retention | undefined> {
  const { rows } = await sql<Stored>`${selected}
    where s.retention is not null and (s.relid = rowhook.find_table(${table}) or ${sourceName} = ${table})
    order by s.relid is null limit 1`.execute(db)
  return rows[0] === undefined ? undefined : present(rows[0])
}

/** @returns the source; its capture function must be regenerated */
export async function writeRetention(tx: postgres.ISql, table: ResolvedTable, keep: string): Promise<number> {
  const json = (value: unknown) => (value === null ? null : tx.json(value as postgres.JSONValue))
  const [row] = await tx<{ id: number }[]>`
    update rowhook.source set retention = ${keep}::text::interval, retention_filter = ${json(table.filter)},
      retention_parts = ${json(table.filterParts)}, retention_can_raise = ${table.filterCanRaise},
      retention_names = ${json({ ...table.columnNames, table: table.relid })}
    where id = rowhook.source_for(${table.relid}::oid::regclass)
    returning id`
  return row!.id
}

export async function clearRetention(db: Db, sourceId: number): Promise<void> {
  await sql`
    update rowhook.source set retention = null, retention_filter = null, retention_parts = null,
      retention_can_raise = false, retention_names = '{}'
    where id = ${sourceId}`.execute(db)
}

/** The interval as Postgres prints it. @throws InputError where it is none, or not positive */
export async function checkInterval(tx: postgres.ISql, text: string, path: string): Promise<string> {
  const problem = { path, message: 'is not a positive interval of Postgres, such as 30 days' }
  try {
    const [row] = await tx<{ text: string; positive: boolean }[]>`
      select i::text as text, i > interval '0' and isfinite(i) as positive
      from (select ${text}::text::interval as i) i`
    if (row!.positive) return row!.text
  } catch (error) {
    // 22007 and 22008: not an interval, or beyond what one can hold.
    if (!(error as { code?: string }).code?.startsWith('22')) throw error
  }
  throw new InputError([problem])
}
