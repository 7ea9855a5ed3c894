// Keeping the history of a table, and no longer keeping it. As with sinks, triggers come first, and then
// the transaction that writes.
import type postgres from 'postgres'
import { type ResolvedTable, regenerate, resolveTables } from '../capture/tables.ts'
import { InputError } from '../errors.ts'
import type { ApiOptions } from './context.ts'
import type { RetentionInput } from './schema/retention.ts'
import {
  type Retention,
  checkInterval,
  clearRetention,
  findRetention,
  writeRetention,
} from './store/retentions.ts'
import type { Change } from './transaction.ts'
import { placeTriggers } from './triggers.ts'

/** A retention whose table exists, whose filter plans, and whose triggers are in place. */
export interface PreparedRetention {
  table: ResolvedTable
  keep: string
}

/**
 * Checks a retention against the database and places the triggers that are missing.
 * @throws InputError at `table`, `keep` or `filter`
 */
export async function prepareRetention(
  services: Pick<ApiOptions, 'sql' | 'db' | 'logger'>,
  name: string,
  { keep, filter }: RetentionInput,
): Promise<PreparedRetention> {
  await checkInterval(services.sql, keep, 'keep')
  const table = await resolveTable(services.sql, name, filter)
  await placeTriggers(services, [table])
  return { table, keep }
}

/** Resolves one table and its filter. @throws InputError at `table` or `filter` */
export async function resolveTable(
  sql: postgres.ISql,
  name: string,
  filter: RetentionInput['filter'],
): Promise<ResolvedTable> {
  try {
    const [table] = await resolveTables(sql, [{ name, filter }], { history: true })
    return table!
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const problems = error.problems.map((problem) => ({
      ...problem,
      path: problem.path.replace('tables[0].name', 'table').replace('tables[0].', ''),
    }))
    throw new InputError(
      problems,
      error.hint === undefined ? { cause: error } : { cause: error, hint: error.hint },
    )
  }
}

/** Keeps every change of the table from the commit on. @returns it as it is shown */
export async function setRetention(
  { tx, db, audit }: Change,
  { table, keep }: PreparedRetention,
): Promise<Retention> {
  const before = await findRetention(db, table.name)
  const sourceId = await writeRetention(tx, table, keep)
  await regenerate(tx, [sourceId])
  const after = await findRetention(db, table.name)
  await audit({
    action: 'retention.set',
    resource: `table:${table.name}`,
    before: before ?? null,
    after: after!,
  })
  return after!
}

/** Ends the keeping of history. @param row as it was read in this transaction */
export async function dropRetention({ tx, db, audit }: Change, row: Retention): Promise<void> {
  await clearRetention(db, row.source_id)
  await regenerate(tx, [row.source_id])
  await audit({ action: 'retention.delete', resource: `table:${row.table}`, before: row, after: null })
}
