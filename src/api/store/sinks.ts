// Rows of rowhook.sink. Its tables are src/capture's to write, its numbers are read in sinkView.ts.
import { type Selectable, sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'
import type { SinkTable } from '../../db/tables.ts'
import { ConflictError, NotFoundError } from '../../errors.ts'
import { isUuid } from '../schema/name.ts'

/** A sink's row, with the names of its endpoints. */
export type SinkRow = Selectable<SinkTable> & { endpoint: string; alert_endpoint: string | null }

/** The columns that callers write. */
export type SinkColumns = Omit<
  Selectable<SinkTable>,
  'id' | 'uid' | 'version' | 'created_at' | 'updated_at' | 'status_reason'
>

function selectSinks(db: Db) {
  return db
    .selectFrom('rowhook.sink as s')
    .innerJoin('rowhook.endpoint as e', 'e.id', 's.endpoint_id')
    .leftJoin('rowhook.endpoint as a', 'a.id', 's.alert_endpoint_id')
    .selectAll('s')
    .select(['e.name as endpoint', 'a.name as alert_endpoint'])
}

/** Sinks by name, from after the one called `after`. */
export function listSinks(db: Db, limit: number, after?: string): Promise<SinkRow[]> {
  let query = selectSinks(db)
  if (after !== undefined) query = query.where('s.name', '>', after)
  return query.orderBy('s.name').limit(limit).execute()
}

/**
 * The sink with this id or, failing that, this name.
 * @param lock until the transaction ends, so that what was read can be compared and written
 */
export async function findSink(db: Db, reference: string, { lock = false } = {}): Promise<SinkRow> {
  let query = selectSinks(db)
  query = isUuid(reference)
    ? query.where((e) => e.or([e('s.uid', '=', reference.toLowerCase()), e('s.name', '=', reference)]))
    : query.where('s.name', '=', reference)
  // not stronger: a run that writes down what refers to the sink need not wait for an edit
  if (lock) query = query.forNoKeyUpdate('s')
  const rows = await query.execute()
  const row = rows.find(({ uid }) => uid === reference.toLowerCase()) ?? rows[0]
  if (row === undefined)
    throw new NotFoundError(`there is no sink ${JSON.stringify(reference.slice(0, 100))}`)
  return row
}

/** @returns the new sink's number; @throws ConflictError when the name is taken */
export async function insertSink(db: Db, columns: SinkColumns): Promise<number> {
  const row = await db
    .insertInto('rowhook.sink')
    .values(columns)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (row === undefined) throw nameTaken(columns.name)
  return row.id
}

/**
 * Writes the columns and raises the version, by which dispatchers see that they must reload. A reason
 * that rowhook gave for the status is gone: a person has decided now. The time is the database's, because
 * rowhook.find_orphans compares it with that of the stream.
 */
export async function updateSink(db: Db, id: number, columns: SinkColumns): Promise<void> {
  await assertNameFree(db, columns.name, id)
  await db
    .updateTable('rowhook.sink')
    .set((e) => ({
      ...columns,
      status_reason: null,
      version: e('version', '+', '1'),
      updated_at: sql<Date>`now()`,
    }))
    .where('id', '=', id)
    .execute()
}

/** Everything that belongs to the sink goes with it. */
export async function deleteSink(db: Db, id: number): Promise<void> {
  await db.deleteFrom('rowhook.sink').where('id', '=', id).execute()
}

/** @throws ConflictError when another sink than `id` has the name */
export async function assertNameFree(db: Db, name: string, id?: number): Promise<void> {
  let query = db.selectFrom('rowhook.sink').select('id').where('name', '=', name)
  if (id !== undefined) query = query.where('id', '!=', id)
  if ((await query.executeTakeFirst()) !== undefined) throw nameTaken(name)
}

function nameTaken(name: string): ConflictError {
  return new ConflictError(`there is a sink called ${name} already`, {
    hint: 'Choose another name, or PATCH that one.',
  })
}
