// A sink's rows in rowhook.sink_table, and the capture functions that follow from them. Everything here
// runs in the transaction that writes the sink, and locks no table of the user's.
import type postgres from 'postgres'
import type { ResolvedTable } from './resolve.ts'

/**
 * Replaces the tables of a sink; a table that was stale is so no more.
 * @returns ids of the sources to `regenerate` before the commit: those of now and of before
 */
export async function saveTables(
  tx: postgres.ISql,
  sinkId: number,
  resolved: readonly ResolvedTable[],
): Promise<number[]> {
  const before = await tx<{ source_id: number }[]>`
    select source_id from rowhook.sink_table where sink_id = ${sinkId} for update`
  const sourceIds: number[] = []
  for (const [ordinal, table] of resolved.entries()) {
    const [source] = await tx<
      { id: number }[]
    >`select rowhook.source_for(${table.relid}::oid::regclass) as id`
    sourceIds.push(source!.id)
    await tx`
      insert into rowhook.sink_table (sink_id, source_id, ordinal, actions, filter, filter_parts, filter_columns,
        filter_can_raise, group_columns, exclude_columns, unchanged, column_names)
      values (${sinkId}, ${source!.id}, ${ordinal}, ${table.actions}, ${json(tx, table.filter)},
        ${json(tx, table.filterParts)}, ${table.filterColumns}::int2[], ${table.filterCanRaise},
        ${table.groupColumns}::int2[], ${table.excludeColumns}::int2[], ${table.unchanged},
        ${tx.json({ ...table.columnNames, table: table.relid })})
      on conflict (sink_id, source_id) do update set
        ordinal = excluded.ordinal, actions = excluded.actions, filter = excluded.filter,
        filter_parts = excluded.filter_parts, filter_columns = excluded.filter_columns,
        filter_can_raise = excluded.filter_can_raise, group_columns = excluded.group_columns,
        exclude_columns = excluded.exclude_columns, unchanged = excluded.unchanged,
        column_names = excluded.column_names, stale_reason = null`
  }
  await tx`
    delete from rowhook.former_table where sink_id = ${sinkId} and source_id = any (${sourceIds}::int[])`
  await tx`
    with gone as (
      delete from rowhook.sink_table where sink_id = ${sinkId} and source_id <> all (${sourceIds}::int[])
      returning *)
    insert into rowhook.former_table (sink_id, source_id, group_columns, exclude_columns, left_at)
    select sink_id, source_id, group_columns, exclude_columns, rowhook.now() from gone`
  return [...new Set([...before.map(({ source_id }) => source_id), ...sourceIds])]
}

/**
 * Makes the capture functions of these sources anew, as their rows are in this transaction; what is
 * captured changes when it commits. Give the ids in ascending order, as everybody does, or two edits may
 * deadlock. Locks a table only if its triggers vanished since `prepareSources`, for a moment.
 */
export async function regenerate(tx: postgres.ISql, sourceIds: readonly number[]): Promise<void> {
  for (const id of sourceIds) {
    await tx`select rowhook.refresh_source(${id}), rowhook.place_triggers(${id})`
  }
}

/**
 * Takes away the triggers of sources that no sink and no retention wants any more. Tries each a few
 * times and for a moment only: a trigger that stays captures nothing and does no harm.
 */
export async function releaseSources(sql: postgres.Sql, sourceIds: readonly number[]): Promise<void> {
  for (const id of sourceIds) {
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      try {
        await sql.begin(async (tx) => {
          await tx`set local lock_timeout = '100ms'`
          await tx`select rowhook.release_source(${id})`
        })
        break
      } catch (error) {
        if (attempt === 3) throw error
      }
    }
  }
}

function json(tx: postgres.ISql, value: unknown): postgres.Parameter | null {
  return value === null ? null : tx.json(value as postgres.JSONValue)
}
