// Making, changing and removing sinks, inside a transaction that the caller owns: a request has one for
// itself, a configuration document one for all that it holds. Triggers are in place by then (triggers.ts).
import { regenerate, saveTables } from '../capture/tables.ts'
import type { Db } from '../db/kysely.ts'
import { InputError, NotFoundError } from '../errors.ts'
import type { SinkEntry, SinkPatch } from './schema/sink.ts'
import { tablesOf } from './sinkTables.ts'
import { showSettings } from './sinkView.ts'
import { findEndpoint } from './store/endpoints.ts'
import * as sinks from './store/sinks.ts'
import type { SinkColumns, SinkRow } from './store/sinks.ts'
import type { Change } from './transaction.ts'
import type { PreparedTables } from './triggers.ts'

/**
 * Writes a new sink and the beginning of its stream, which is the moment of the commit.
 * @returns its row, and sources to `regenerate` before the commit
 */
export async function createSink(
  { tx, db, audit }: Change,
  input: Omit<SinkEntry, 'backfill'>,
  tables: PreparedTables,
): Promise<{ row: SinkRow; sourceIds: number[] }> {
  checkActions(input)
  const id = await sinks.insertSink(db, await columnsOf(db, input))
  const sourceIds = await saveTables(tx, id, [...tables])
  await tx`select rowhook.create_stream(${id})`
  const row = await sinks.findSink(db, input.name)
  await audit({
    action: 'sink.create',
    resource: `sink:${row.name}`,
    before: null,
    after: await settingsOf(db, row),
  })
  return { row, sourceIds }
}

/**
 * Changes a sink. Fields that are not given stay; tables are replaced whole.
 * @param row as it was read in this transaction, with a lock
 * @param tables what `prepareTables` made of `patch.tables`, when that is given
 * @returns the row as it is now, and sources to `regenerate` before the commit
 */
export async function updateSink(
  { tx, db, audit }: Change,
  row: SinkRow,
  patch: SinkPatch,
  tables?: PreparedTables,
  action = 'sink.update',
): Promise<{ row: SinkRow; sourceIds: number[] }> {
  const before = await settingsOf(db, row)
  checkActions({ ...before, ...patch })
  await sinks.updateSink(db, row.id, await columnsOf(db, { ...before, ...patch }))
  const after = await sinks.findSink(db, row.uid)
  let sourceIds: number[] = []
  if (tables !== undefined) sourceIds = await saveTables(tx, row.id, [...tables])
  // which actions are captured depends on it
  else if (after.message_type !== row.message_type) sourceIds = await sourceIdsOf(db, row.id)
  if (after.endpoint_id !== row.endpoint_id || after.path !== row.path) {
    await tx`select rowhook.change_receiver(${row.id})`
  } else if (mayMend(row, after)) {
    await tx`select rowhook.probe_soon(${row.id})`
  }
  await audit({ action, resource: `sink:${row.name}`, before, after: await settingsOf(db, after) })
  return { row: after, sourceIds }
}

// What else of a sink makes a receiver that refuses everything take it: an open circuit asks at once. Any
// other edit leaves it its time.
function mayMend(before: SinkRow, after: SinkRow): boolean {
  if (before.status !== 'active' && after.status === 'active') return true
  return (['request_timeout_ms', 'batch', 'compression', 'message_type'] as const).some(
    (name) => before[name] !== after[name],
  )
}

/** @returns sources to `regenerate` before the commit, and to `forgetSources` after it */
export async function removeSink({ db, audit }: Change, row: SinkRow): Promise<number[]> {
  const before = await settingsOf(db, row)
  const sourceIds = await sourceIdsOf(db, row.id)
  await sinks.deleteSink(db, row.id)
  await audit({ action: 'sink.delete', resource: `sink:${row.name}`, before, after: null })
  return sourceIds
}

async function sourceIdsOf(db: Db, sinkId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('rowhook.sink_table')
    .select('source_id')
    .where('sink_id', '=', sinkId)
    .execute()
  return rows.map(({ source_id }) => source_id)
}

/** Brings the capture functions of these tables in line with what the transaction has written. */
export async function regenerateSources({ tx }: Change, sourceIds: readonly number[]): Promise<void> {
  // In one order everywhere, so that two changes wait for each other instead of deadlocking.
  await regenerate(
    tx,
    [...new Set(sourceIds)].toSorted((a, b) => a - b),
  )
}

/** What a person has set. */
export async function settingsOf(db: Db, row: SinkRow) {
  return showSettings(row, (await tablesOf(db, [row.id])).get(row.id) ?? [])
}

/** @throws InputError where a message alone is asked for, and several at once, too */
export function checkBatch({ batch, batch_size }: Pick<SinkEntry, 'batch' | 'batch_size'>): void {
  if (batch || batch_size === 1) return
  throw new InputError([{ path: 'batch_size', message: 'must be 1 where batch is false' }])
}

/** @throws InputError where a table of a sink of rows has none of the actions that such a sink sends */
export function checkActions({
  message_type,
  tables,
}: {
  message_type: SinkEntry['message_type']
  tables: readonly { actions: readonly string[] }[]
}): void {
  if (message_type !== 'rows') return
  const problems = tables.flatMap(({ actions }, i) =>
    actions.includes('insert') || actions.includes('update')
      ? []
      : [
          {
            path: `tables[${i}].actions`,
            message: 'must hold insert or update: where message_type is rows, nothing else is sent',
          },
        ],
  )
  if (problems.length > 0) throw new InputError(problems)
}

/** The columns of a sink's row. @throws InputError where settings do not go together, or an endpoint is unknown */
export async function columnsOf(db: Db, input: Omit<SinkEntry, 'tables' | 'backfill'>): Promise<SinkColumns> {
  checkBatch(input)
  const { endpoint, alert_endpoint, ...columns } = input
  return {
    name: columns.name,
    endpoint_id: await endpointId(db, endpoint, 'endpoint'),
    path: columns.path,
    message_type: columns.message_type,
    batch: columns.batch,
    batch_size: columns.batch_size,
    batch_timeout_ms: columns.batch_timeout_ms,
    request_timeout_ms: columns.request_timeout_ms,
    max_retry_count: columns.max_retry_count,
    concurrency: columns.concurrency,
    rate_limit: columns.rate_limit,
    compression: columns.compression,
    max_message_bytes: columns.max_message_bytes,
    status: columns.status ?? 'active',
    alert_endpoint_id:
      alert_endpoint === null ? null : await endpointId(db, alert_endpoint, 'alert_endpoint'),
  }
}

async function endpointId(db: Db, reference: string, path: string): Promise<string> {
  try {
    return (await findEndpoint(db, reference)).id
  } catch (error) {
    if (error instanceof NotFoundError) throw new InputError([{ path, message: error.message }])
    throw error
  }
}
