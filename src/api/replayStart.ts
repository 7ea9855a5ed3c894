// Starting a replay: its table and filter against the database as it is.
import type postgres from 'postgres'
import { checkFilter } from '../capture/filter-check.ts'
import { findTable } from '../capture/resolve.ts'
import type { Db } from '../db/kysely.ts'
import { InputError } from '../errors.ts'
import type { ReplayInput } from './schema/history.ts'
import { createReplay } from './store/history.ts'
import type { SinkRow } from './store/sinks.ts'
import { sourceIdOfSink, sourcesOfSink } from './store/sources.ts'
import type { Change } from './transaction.ts'

/** What rowhook.create_replay takes. */
export interface PreparedReplay {
  since: string
  until: string | null
  table_name: string | null
  filter: string | null
  source_ids: number[]
  /** By source, because columns have numbers of their own in each table. */
  filter_parts: Record<string, unknown> | null
}

/** @throws InputError at `table_name` or `filter` */
export async function prepareReplay(
  sql: postgres.Sql,
  db: Db,
  sink: SinkRow,
  { since, until, table_name, filter }: Omit<ReplayInput, 'dry_run'>,
): Promise<PreparedReplay> {
  const sources =
    table_name === null ? await sourcesOfSink(db, sink.id) : [await onlySource(sql, db, sink, table_name)]
  const shared = {
    since,
    until,
    table_name: table_name === null ? null : sources[0]!.name,
    filter,
    source_ids: sources.map(({ id }) => id),
  }
  if (filter === null) return { ...shared, filter_parts: null }
  const parts: [string, unknown][] = []
  for (const { id, relid, name } of sources) {
    try {
      parts.push([String(id), (await checkFilter(sql, relid, filter, 'filter', { allowNow: true })).parts])
    } catch (error) {
      if (!(error instanceof InputError) || sources.length === 1) throw error
      // One filter for several tables: say for which of them it is wrong.
      throw new InputError(
        error.problems.map((problem) => ({ ...problem, message: `for ${name}: ${problem.message}` })),
        { hint: 'Name one table in table_name, or write a filter that fits them all.', cause: error },
      )
    }
  }
  return { ...shared, filter_parts: Object.fromEntries(parts) }
}

/** @returns its id */
export async function startReplay(
  { db, audit }: Change,
  sink: SinkRow,
  prepared: PreparedReplay,
): Promise<string> {
  const id = await createReplay(db, sink.id, prepared)
  const { since, until, table_name, filter } = prepared
  await audit({
    action: 'replay.create',
    resource: `sink:${sink.name}`,
    before: null,
    after: { id, since, until, table_name, filter },
  })
  return id
}

async function onlySource(sql: postgres.Sql, db: Db, sink: SinkRow, tableName: string) {
  const { relid, name } = await findTable(sql, tableName, 'table_name')
  const id = await sourceIdOfSink(db, sink.id, relid)
  if (id !== undefined) return { id, relid, name }
  throw new InputError([{ path: 'table_name', message: `${name} is not a table of sink ${sink.name}` }])
}
