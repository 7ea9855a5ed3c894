// Backfills and replays of a sink: both bring history, have a state and a progress, and are paused,
// resumed and cancelled alike. They are made and moved by functions of sql/functions; this file reads
// them and calls those.
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'
import { NotFoundError } from '../../errors.ts'
import { isUuid } from '../schema/name.ts'
import { sourceName } from './sources.ts'

export const historyStates = ['active', 'paused', 'completed', 'failed', 'cancelled'] as const
export type HistoryState = (typeof historyStates)[number]

/** The states that a person may ask for. */
export type WantedState = 'active' | 'paused' | 'cancelled'

/** A backfill, as it is shown. Times are texts with microseconds. */
export interface Backfill {
  id: string
  state: HistoryState
  tables: string[]
  /** null: not counted yet. */
  rows_total: number | null
  rows_done: number
  error: string | null
  created_at: string
  completed_at: string | null
}

/** A replay, as it is shown. */
export interface Replay extends Omit<Backfill, 'tables'> {
  since: string | null
  until: string | null
  table_name: string | null
  filter: string | null
}

export type HistoryKind = 'backfill' | 'replay'
export interface History {
  backfill: Backfill
  replay: Replay
}

/** Where a page begins: the time and id of the last row of the page before. */
export interface After {
  createdAt: string
  id: string
}

/** Newest first. */
export function listHistory<Kind extends HistoryKind>(
  db: Db,
  kind: Kind,
  sinkId: number,
  limit: number,
  after?: After,
): Promise<History[Kind][]> {
  const older =
    after === undefined
      ? sql`true`
      : sql`(h.created_at, h.id) < (${after.createdAt}::text::timestamptz, ${after.id}::uuid)`
  return select(db, kind, sinkId, older, limit)
}

/** @throws NotFoundError */
export async function findHistory<Kind extends HistoryKind>(
  db: Db,
  kind: Kind,
  sinkId: number,
  id: string,
): Promise<History[Kind]> {
  const [row] = isUuid(id) ? await select(db, kind, sinkId, sql`h.id = ${id}::uuid`, 1) : []
  if (row === undefined) throw new NotFoundError(`this sink has no ${kind} with this id`)
  return row
}

/** Pauses, resumes or cancels. Raises where the present state does not allow it. */
export async function setHistoryState(
  db: Db,
  kind: HistoryKind,
  id: string,
  state: WantedState,
): Promise<void> {
  await sql`select ${sql.ref(`rowhook.set_${kind}_state`)}(${id}::uuid, ${state}::text)`.execute(db)
}

/** Starts a backfill; its tables are checked and their conditions compiled. */
export async function createBackfill(db: Db, sinkId: number, tables: readonly object[]): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select rowhook.create_backfill(${sinkId}::int, ${[...tables]}::jsonb) as id`.execute(db)
  return rows[0]!.id
}

/** Starts a replay; its filter is compiled. */
export async function createReplay(db: Db, sinkId: number, options: object): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select rowhook.create_replay(${sinkId}::int, ${options}::jsonb) as id`.execute(db)
  return rows[0]!.id
}

/** How many messages such a replay would send. */
export async function countReplay(db: Db, sinkId: number, options: object): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select rowhook.count_replay(${sinkId}::int, ${options}::jsonb) as count`.execute(db)
  return Number(rows[0]!.count)
}

const time = (column: string) =>
  sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

// bigint comes as text; no table has 2^53 rows.
const number = (value: RawBuilder<unknown>) => sql`(${value})::double precision`

const ofTables = (value: string) =>
  number(sql`select ${sql.raw(value)} from rowhook.backfill_table t where t.backfill_id = h.id`)

const columns: Record<HistoryKind, RawBuilder<unknown>> = {
  backfill: sql`
    array(
      select ${sourceName}
      from rowhook.backfill_table t
      join rowhook.source s on s.id = t.source_id
      where t.backfill_id = h.id
      order by t.ordinal) as tables,
    ${ofTables('case when bool_and(t.rows_total is not null) then sum(t.rows_total) end')} as rows_total,
    ${ofTables('coalesce(sum(t.rows_done), 0)')} as rows_done`,
  replay: sql`
    ${time('h.since')} as since, ${time('h.until')} as until, 
    case when h.table_name is not null then coalesce(
      (select ${sourceName} from rowhook.source s where s.id = h.source_ids[1]), h.table_name) end as table_name,
    h.filter_text as filter,
    ${number(sql`h.rows_total`)} as rows_total, ${number(sql`h.rows_done`)} as rows_done`,
}

async function select<Kind extends HistoryKind>(
  db: Db,
  kind: Kind,
  sinkId: number,
  condition: RawBuilder<unknown>,
  limit: number,
): Promise<History[Kind][]> {
  const { rows } = await sql<History[Kind]>`
    select h.id, h.state, ${columns[kind]}, h.error,
      ${time('h.created_at')} as created_at, ${time('h.completed_at')} as completed_at
    from ${sql.table(`rowhook.${kind}`)} h
    where h.sink_id = ${sinkId} and ${condition}
    order by h.created_at desc, h.id desc
    limit ${limit}`.execute(db)
  return rows
}
