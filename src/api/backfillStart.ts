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
 * that what would be refused is refused, save for another one that is under way.
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
      await setAside(tx, sink.id)
      const id = await create({ tx, db }, sink, input)
      total = (await findHistory(db, 'backfill', sink.id, id)).rows_total
      throw takenBack
    })
    .catch((error: unknown) => {
      if (error !== takenBack) throw error
    })
  return total
}

// A table has one backfill at a time, and a count is none. Taken back with the rest. The sink is locked first,
// as rowhook.set_backfill_state does it.
async function setAside(tx: postgres.TransactionSql, sinkId: number): Promise<void> {
  await tx`select from rowhook.sink where id = ${sinkId} for no key update`
  await tx`
    update rowhook.backfill set state = 'cancelled' where sink_id = ${sinkId} and state in ('active', 'paused')`
}

/**
 * Checks a backfill of a sink that is not made yet.
 * @param relids of the tables that the sink will have
 * @throws InputError with paths such as `tables[0].where`
 */
export async function checkBackfill(
  sql: postgres.ISql,
  sink: { name: string; relids: ReadonlySet<number> },
  { tables }: BackfillInput,
): Promise<void> {
  for (const [i, { name, where, sort_column, start, end }] of tables.entries()) {
    const path = `tables[${i}]`
    const { relid, name: spelt } = await findTable(sql, name, `${path}.name`)
    if (!sink.relids.has(relid)) throw notOfSink(spelt, sink.name, path)
    if (where !== null) await checkFilter(sql, relid, where, `${path}.where`, { allowNow: true })
    await sql`
      select rowhook.check_range(${relid}::oid::regclass, ${sort_column}, ${asText(start)}, ${asText(end)}, ${path})`
  }
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
    throw notOfSink(name, sink.name, path)
  }
  const { where, sort_column, start, end } = table
  const compiled =
    where === null ? null : await checkFilter(tx, relid, where, `${path}.where`, { allowNow: true })
  return {
    source_id: sourceId,
    where,
    where_parts: compiled?.parts ?? null,
    sort_column,
    start: asText(start),
    end: asText(end),
  }
}

function notOfSink(table: string, sink: string, path: string): InputError {
  const message = `${table} is not a table of sink ${sink}; add it to the sink first`
  return new InputError([{ path: `${path}.name`, message }])
}

const asText = (bound: TableInput['start']) => (bound === null ? null : String(bound))
