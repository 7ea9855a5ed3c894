import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createDatabase } from '../support/database.ts'

const source = readFileSync(new URL('../../src/db/tables.ts', import.meta.url), 'utf8')

/** Tables by the name that Kysely uses, with the fields of their interfaces. */
function declaredTables(): Map<string, string[]> {
  const fields = (name: string) => {
    const [, block] = new RegExp(`interface ${name} \\{\\n([^}]*)\\n\\}`).exec(source)!
    return [...block!.matchAll(/^ {2}(\w+):/gm)].map(([, field]) => field!)
  }
  return new Map(
    [...source.matchAll(/'rowhook\.(\w+)': (\w+)/g)].map(([, table, type]) => [table!, fields(type!)]),
  )
}

it("the tables that Kysely knows are the database's", async () => {
  const { sql } = await createDatabase()
  const rows = await sql<{ table: string; columns: string[] }[]>`
    select table_name as "table", array_agg(column_name::text order by ordinal_position) as columns
    from information_schema.columns where table_schema = 'rowhook' group by table_name`
  const actual = new Map(rows.map(({ table, columns }) => [table, columns]))
  const declared = declaredTables()
  expect(declared.size).toBeGreaterThan(6)
  for (const [table, columns] of declared) {
    // Of these two the API leaves what capture owns to capture.
    if (['source', 'sink_table'].includes(table))
      expect(actual.get(table), table).toEqual(expect.arrayContaining(columns))
    else expect(columns, table).toEqual(actual.get(table))
  }
})
