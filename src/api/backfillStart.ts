// Starting a backfill: its tables and conditions against the database as it is.
import type postgres from 'postgres'
import { checkFilter } from '../capture/filter-check.ts'
import { findTable } from '../capture/resolve.ts'
import { kyselyInside } from '../db/kysely.ts'
import { InputError, type InputProblem } from '../errors.ts'
import type { BackfillInput } from './schema/history.ts'
import { createBackfill, findHistory } from './store/history.ts'
import type { SinkRow } from './store/sinks.ts'
import { sourceIdOfSink } from './store/sources.ts'
import type { Change } from './transaction.ts'

type TableInput = BackfillInput['tables'][number]

/**
 * Starts a backfill of some of the sink's tables, or of all where none is named.
 * @returns its id
 * @throws InputError with paths such as `tables[0].where`
 */
export async function startBackfill(changing: Change, sink: SinkRow, input: BackfillInput): Promise<string> {
  const id = await create(changing, sink, input)
  const after = { id, tables: input.tables }
  await changing.audit({ action: 'backfill.create', resource: `sink:${sink.name}`, before: null, after })
  return id
}

/**
 * How many rows such a backfill would send, about; null: it cannot be said. It is made and taken back, so
 * that what would be refused is refused.
 */
export async function countBackfill(
  sql: postgres.Sql,
  sink: SinkRow,
  input: BackfillInput,
): Promise<number | null> {
  let total: number | null = null
  const takenBack = new Error('only counted')
  await sql
    .begin(async (tx) => {
      const db = kyselyInside(tx)
      const id = await create({ tx, db }, sink, input)
      total = (await findHistory(db, 'backfill', sink.id, id)).rows_total
      throw takenBack
    })
    .catch((error: unknown) => {
      if (error !== takenBack) throw error
    })
  return total
}

async function create(
  changing: Pick<Change, 'tx' | 'db'>,
  sink: SinkRow,
  input: BackfillInput,
): Promise<string> {
  const problems: InputProblem[] = []
  const tables: object[] = []
  for (const [i, table] of input.tables.entries()) {
    try {
      tables.push(await prepareTable(changing, sink, table, `tables[${i}]`))
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new InputError(problems)
  return createBackfill(changing.db, sink.id, tables)
}

async function prepareTable(
  { tx, db }: Pick<Change, 'tx' | 'db'>,
  sink: SinkRow,
  table: TableInput,
  path: string,
): Promise<object> {
  const { relid, name } = await findTable(tx, table.name, `${path}.name`)
  const sourceId = await sourceIdOfSink(db, sink.id, relid)
  if (sourceId === undefined) {
    const message = `${name} is not a table of sink ${sink.name}; add it to the sink first`
    throw new InputError([{ path: `${path}.name`, message }])
  }
  const { where, sort_column, start, end } = table
  const compiled =
    where === null ? null : await checkFilter(tx, relid, where, `${path}.where`, { allowNow: true })
  return {
    source_id: sourceId,
    where,
    where_parts: compiled?.parts ?? null,
    sort_column,
    start: start === null ? null : String(start),
    end: end === null ? null : String(end),
  }
}
