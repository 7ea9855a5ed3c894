// Rows of rowhook.endpoint. Secrets come and go as ciphertext: this file cannot read them.
import type { Selectable } from 'kysely'
import type { Db } from '../../db/kysely.ts'
import type { EndpointTable } from '../../db/tables.ts'
import { ConflictError, NotFoundError } from '../../errors.ts'
import { isUuid } from '../schema/name.ts'

/** An endpoint's row. */
export type EndpointRow = Selectable<EndpointTable>

/** The columns that callers write. */
export type EndpointColumns = Pick<
  EndpointRow,
  | 'name'
  | 'url'
  | 'headers'
  | 'encrypted_headers'
  | 'signing_secrets'
  | 'ca_certificate'
  | 'client_certificate'
  | 'client_key'
>

/** Endpoints by name, from after the one called `after`. */
export function listEndpoints(db: Db, limit: number, after?: string): Promise<EndpointRow[]> {
  let query = db.selectFrom('rowhook.endpoint').selectAll()
  if (after !== undefined) query = query.where('name', '>', after)
  return query.orderBy('name').limit(limit).execute()
}

/**
 * The endpoint with this id or, failing that, this name.
 * @param lock until the transaction ends, so that what was read can be compared and written
 */
export async function findEndpoint(db: Db, reference: string, { lock = false } = {}): Promise<EndpointRow> {
  let query = db.selectFrom('rowhook.endpoint').selectAll()
  query = isUuid(reference)
    ? query.where((e) => e.or([e('id', '=', reference.toLowerCase()), e('name', '=', reference)]))
    : query.where('name', '=', reference)
  if (lock) query = query.forUpdate()
  const rows = await query.execute()
  const row = rows.find(({ id }) => id === reference.toLowerCase()) ?? rows[0]
  if (row === undefined)
    throw new NotFoundError(`there is no endpoint ${JSON.stringify(reference.slice(0, 100))}`)
  return row
}

/** @throws ConflictError when the name is taken */
export async function insertEndpoint(
  db: Db,
  columns: EndpointColumns & { id: string },
): Promise<EndpointRow> {
  const row = await db
    .insertInto('rowhook.endpoint')
    .values(columns)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) throw nameTaken(columns.name)
  return row
}

/**
 * Writes the columns and raises the version, and that of the sinks that use the endpoint, by which
 * dispatchers see that they must reload.
 */
export async function updateEndpoint(
  db: Db,
  id: string,
  columns: EndpointColumns,
  now: Date,
): Promise<EndpointRow> {
  const taken = await db
    .selectFrom('rowhook.endpoint')
    .select('id')
    .where('name', '=', columns.name)
    .where('id', '!=', id)
    .executeTakeFirst()
  if (taken !== undefined) throw nameTaken(columns.name)
  await db
    .updateTable('rowhook.sink')
    .set((e) => ({ version: e('version', '+', '1') }))
    .where((e) => e.or([e('endpoint_id', '=', id), e('alert_endpoint_id', '=', id)]))
    .execute()
  return db
    .updateTable('rowhook.endpoint')
    .set((e) => ({ ...columns, version: e('version', '+', '1'), updated_at: now }))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** @throws ConflictError naming sinks that still deliver to it, or alert through it */
export async function deleteEndpoint(db: Db, row: Pick<EndpointRow, 'id' | 'name'>): Promise<void> {
  const users = await db
    .selectFrom('rowhook.sink')
    .select('name')
    .where((e) => e.or([e('endpoint_id', '=', row.id), e('alert_endpoint_id', '=', row.id)]))
    .orderBy('name')
    .limit(4)
    .execute()
  if (users.length > 0) {
    const names = users
      .slice(0, 3)
      .map(({ name }) => name)
      .join(', ')
    throw new ConflictError(
      `endpoint ${row.name} is in use by ${names}${users.length > 3 ? ' and others' : ''}`,
      {
        hint: 'Point those sinks to another endpoint, or delete them first.',
      },
    )
  }
  await db.deleteFrom('rowhook.endpoint').where('id', '=', row.id).execute()
}

function nameTaken(name: string): ConflictError {
  return new ConflictError(`there is an endpoint called ${name} already`, {
    hint: 'Choose another name, or PATCH that one.',
  })
}

/** The sinks that send to each of these endpoints, by name. */
export async function sinksOf(
  db: Db,
  ids: readonly string[],
): Promise<Map<string, { id: string; name: string }[]>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('rowhook.sink')
    .select(['endpoint_id', 'uid', 'name'])
    .where('endpoint_id', 'in', [...ids])
    .orderBy('name')
    .execute()
  const byEndpoint = Map.groupBy(rows, ({ endpoint_id }) => endpoint_id)
  return new Map(
    [...byEndpoint].map(([id, sinks]) => [id, sinks.map(({ uid, name }) => ({ id: uid, name }))]),
  )
}
