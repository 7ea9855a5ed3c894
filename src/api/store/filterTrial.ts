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
    select count(*)::int as scanned, count(*) filter (where j.wanted)::int as matched
    from rowhook.judge(
      ${sourceId},
      array(
        select e.id from rowhook.event e
        where e.source_id = ${sourceId} and e.action <> 'r'
        order by e.id desc
        limit ${limit}),
      ${parts === null ? null : sql.json(parts as postgres.JSONValue)}) j`
  return row!
}
