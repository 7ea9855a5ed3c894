// Trying a filter on changes that are still in the log.
import type postgres from 'postgres'

/** How many of the last `limit` retained changes of a source match. Null: no filter. */
export async function tryFilter(
  sql: postgres.Sql,
  sourceId: number,
  parts: readonly unknown[] | null,
  limit: number,
): Promise<{ scanned: number; matched: number }> {
  const [row] = await sql<{ scanned: number; matched: number }[]>`
    select scanned::int, matched::int
    from rowhook.try_filter(${sourceId}, ${parts === null ? null : sql.json(parts as postgres.JSONValue)}, ${limit})`
  return row!
}
