// The retentions of a document against those of the database.
import type postgres from 'postgres'
import type { Db } from '../../db/kysely.ts'
import { InputError } from '../../errors.ts'
import { resolveTable } from '../retentionChanges.ts'
import { type Retention, checkInterval, listRetentions } from '../store/retentions.ts'
import { tableNames } from '../store/sources.ts'
import { type Difference, differences } from './diff.ts'
import type { RetentionEntry } from './schema.ts'
import { withinAsync } from '../within.ts'

/** What is to be done with the history of a table. */
export type RetentionStep = { kind: 'retention'; name: string; diff: Difference[] } & (
  | { action: 'create' | 'update'; entry: RetentionEntry; index: number }
  | { action: 'delete'; row: Retention }
)

/** @throws InputError with paths below `retentions[i]` */
export async function planRetentions(
  { sql, db }: { sql: postgres.ISql; db: Db },
  entries: readonly RetentionEntry[],
  prune: boolean,
): Promise<RetentionStep[]> {
  const rows = await listRetentions(db)
  const names = await tableNames(
    db,
    entries.map(({ table }) => table),
  )
  const steps: RetentionStep[] = []
  /** Tables and where the document names them; under however many spellings. */
  const named = new Map<string, number>()
  for (const [index, given] of entries.entries()) {
    await withinAsync(`retentions[${index}]`, async () => {
      const name = names.get(given.table) ?? given.table
      const first = named.get(name)
      if (first !== undefined) {
        const message = `is ${name}, which stands in the document twice; first as retentions[${first}]`
        throw new InputError([{ path: 'table', message }])
      }
      named.set(name, index)
      const row = rows.find(({ table }) => table === name)
      const entry = row === undefined ? given : underPresentNames(given, row)
      const after = { keep: await checkInterval(sql, entry.keep, 'keep'), filter: entry.filter }
      const diff = differences(row === undefined ? {} : { keep: row.keep, filter: row.filter }, after)
      if (diff.length === 0) return
      await resolveTable(sql, entry.table, entry.filter)
      steps.push({
        kind: 'retention',
        name,
        action: row === undefined ? 'create' : 'update',
        entry,
        index,
        diff,
      })
    })
  }
  const gone = prune ? rows.filter(({ table }) => !named.has(table)) : []
  return [
    ...steps,
    ...gone.map((row): RetentionStep => {
      const { table, keep, filter } = row
      return {
        kind: 'retention',
        name: table,
        action: 'delete',
        row,
        diff: differences({ keep, filter }, {}),
      }
    }),
  ]
}

/** An entry of a document under present names, where it has the filter letter for letter as it was applied. */
function underPresentNames(given: RetentionEntry, { filter, former }: Retention): RetentionEntry {
  if (former === undefined || JSON.stringify(given.filter) !== JSON.stringify(former)) return given
  return { ...given, filter: filter as RetentionEntry['filter'] }
}
