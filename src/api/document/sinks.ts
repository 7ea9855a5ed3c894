// The sinks of a document against those of the database.
import type postgres from 'postgres'
import { type ResolvedTable, resolveTables } from '../../capture/tables.ts'
import type { Db } from '../../db/kysely.ts'
import { InputError } from '../../errors.ts'
import { checkBackfill } from '../backfillStart.ts'
import { everything } from '../page.ts'
import type { SinkEntry, SinkShown } from '../schema/sink.ts'
import { checkActions, checkBatch } from '../sinkChanges.ts'
import { loadTables, underPresentNames } from '../sinkTables.ts'
import { showSettings } from '../sinkView.ts'
import { type SinkRow, listSinks } from '../store/sinks.ts'
import { tableNames } from '../store/sources.ts'
import { type Difference, differences } from './diff.ts'
import { withinAsync } from '../within.ts'

/** What is to be done with a sink. */
export type SinkStep = { kind: 'sink'; name: string; diff: Difference[] } & (
  | { action: 'create'; entry: SinkEntry; index: number }
  /** Tables are saved only where they differ: that makes their functions anew. */
  | { action: 'update'; entry: SinkEntry; index: number; row: SinkRow; tablesDiffer: boolean }
  | { action: 'delete'; row: SinkRow }
)

type Tables = SinkShown['tables']

/**
 * @param endpoints names that will exist, by what a sink may call them: name or id
 * @throws InputError with paths below `sinks[i]`
 */
export async function planSinks(
  { sql, db }: { sql: postgres.ISql; db: Db },
  entries: readonly SinkEntry[],
  endpoints: ReadonlyMap<string, string>,
  prune: boolean,
): Promise<SinkStep[]> {
  const rows = await listSinks(db, everything)
  const { shown, former } = await loadTables(
    db,
    rows.map(({ id }) => id),
  )
  const settingsOf = (row: SinkRow) => comparable(showSettings(row, shown.get(row.id) ?? []))
  const names = await tableNames(
    db,
    entries.flatMap(({ tables }) => tables.map(({ name }) => name)),
  )
  const present = (row: SinkRow, table: Tables[number]) => {
    const name = names.get(table.name) ?? table.name
    const stored = shown.get(row.id)?.find((each) => each.name === name)
    return underPresentNames(table, stored, former.get(row.id)?.get(name))
  }
  const steps: SinkStep[] = []
  for (const [index, given] of entries.entries()) {
    await withinAsync(`sinks[${index}]`, async () => {
      checkBatch(given)
      checkActions(given)
      const row = rows.find(({ name }) => name === given.name)
      const entry =
        row === undefined ? given : { ...given, tables: given.tables.map((table) => present(row, table)) }
      const before = row === undefined ? {} : settingsOf(row)
      const wanted = {
        ...entry,
        status: entry.status ?? row?.status ?? 'active',
        endpoint: nameOf(endpoints, entry.endpoint, 'endpoint'),
        alert_endpoint:
          entry.alert_endpoint === null ? null : nameOf(endpoints, entry.alert_endpoint, 'alert_endpoint'),
        tables: entry.tables.map((table) => ({ ...table, name: names.get(table.name) ?? table.name })),
      }
      const tablesDiffer = differences(before.tables, comparable(wanted).tables).length > 0
      // Checked here, so that a plan without problems can be applied; and spelt as the database does.
      const resolved = tablesDiffer ? await resolveTables(sql, entry.tables) : []
      if (tablesDiffer) wanted.tables = respell(wanted.tables, resolved)
      const diff = differences(before, comparable(wanted))
      // Carried out once, for a sink that is made: later it is no difference, whatever it says.
      if (row === undefined && given.backfill !== null) {
        const relids = new Set(resolved.map(({ relid }) => relid))
        await withinAsync('backfill', () => checkBackfill(sql, { name: given.name, relids }, given.backfill!))
        diff.push({ path: 'backfill', after: given.backfill })
      }
      if (row === undefined)
        steps.push({ kind: 'sink', name: entry.name, action: 'create', entry, index, diff })
      else if (diff.length > 0)
        steps.push({
          kind: 'sink',
          name: entry.name,
          action: 'update',
          entry,
          index,
          row,
          tablesDiffer,
          diff,
        })
    })
  }
  const gone = prune ? rows.filter(({ name }) => !entries.some((entry) => entry.name === name)) : []
  return [
    ...steps,
    ...gone.map((row): SinkStep => {
      return { kind: 'sink', name: row.name, action: 'delete', row, diff: differences(settingsOf(row), {}) }
    }),
  ]
}

/** Settings in the form in which they are compared: what has no order has none. */
function comparable({
  name: _,
  backfill: __,
  tables,
  ...settings
}: {
  name: string
  backfill?: unknown
  tables: Tables
}): { tables?: object } & object {
  const byName = tables.map(({ name, actions, exclude_columns, ...table }) => [
    name,
    { ...table, actions: actions.toSorted(), exclude_columns: exclude_columns.toSorted() },
  ])
  return { ...settings, tables: Object.fromEntries(byName) }
}

function nameOf(endpoints: ReadonlyMap<string, string>, reference: string, path: string): string {
  const name = endpoints.get(reference)
  if (name !== undefined) return name
  const message = `there is no endpoint ${reference}, neither in the document nor, to stay, in the database`
  throw new InputError([{ path, message }])
}

function respell(tables: Tables, resolved: readonly ResolvedTable[]): Tables {
  return tables.map((table, i) => {
    const { groupColumns, excludeColumns, columnNames } = resolved[i]!
    const names = (columns: readonly number[]) => columns.map((column) => columnNames[column]!)
    return {
      ...table,
      group_by: groupColumns === null ? null : names(groupColumns),
      exclude_columns: names(excludeColumns),
    }
  })
}
