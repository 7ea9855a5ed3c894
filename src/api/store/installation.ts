// What is installed in the database.
import type { Db } from '../../db/kysely.ts'

/** The version of the SQL in the database; undefined: none is installed. */
export async function installedVersion(db: Db): Promise<string | undefined> {
  try {
    const row = await db.selectFrom('rowhook.installation').select('version').executeTakeFirst()
    return row?.version || undefined
  } catch (error) {
    // No such schema or table.
    if (['3F000', '42P01'].includes((error as { code: string }).code)) return undefined
    throw error
  }
}
