// One table, out of the list that the API has of them.
import { type Page, Refusal } from '../operations.ts'
import type { Table } from '../resources.ts'
import type { Visit } from '../visit.ts'

/** @throws Refusal with 404 */
export async function findTable(c: Visit, name: string): Promise<Table> {
  let cursor: string | undefined
  do {
    const page: Page<Table> = await c.var.operations.get<Page<Table>>('/tables', { limit: 1000, cursor })
    const found = page.data.find((table) => table.name === name)
    if (found !== undefined) return found
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  throw new Refusal(404, 'Not found', `There is no table ${name.slice(0, 200)}.`, [])
}
