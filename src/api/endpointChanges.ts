// Making, changing and removing endpoints, inside a transaction that the caller owns: a request has one
// for itself, a configuration document one for all that it holds.
import {
  type EndpointRules,
  patchEndpoint,
  prepareEndpoint,
  rotateSecret,
  showEndpoint,
} from './endpointColumns.ts'
import type { EndpointInput, EndpointPatch } from './schema/endpoint.ts'
import { renewSecrets } from './endpointSecrets.ts'
import * as endpoints from './store/endpoints.ts'
import type { EndpointColumns, EndpointRow } from './store/endpoints.ts'
import type { Change } from './transaction.ts'

/** An endpoint as it is now, and its signing secret if one was made. */
export interface ChangedEndpoint {
  row: EndpointRow
  madeSecret?: string
}

export async function createEndpoint(
  { db, audit }: Change,
  rules: EndpointRules,
  id: string,
  input: EndpointInput,
): Promise<ChangedEndpoint> {
  const now = new Date()
  const { columns, ...made } = prepareEndpoint(rules, id, input, now)
  const row = await endpoints.insertEndpoint(db, { id, ...columns })
  await audit({
    action: 'endpoint.create',
    resource: `endpoint:${row.name}`,
    before: null,
    after: showEndpoint(row, now),
  })
  return { row, ...made }
}

/**
 * Circuits that are open probe at once: the edit may have mended it, or this is another receiver.
 * @param row as it was read in this transaction, with a lock
 */
export async function updateEndpoint(
  { tx, db, audit }: Change,
  rules: EndpointRules,
  row: EndpointRow,
  patch: EndpointPatch,
): Promise<ChangedEndpoint> {
  const now = new Date()
  const { columns, ...made } = patchEndpoint(rules, row, patch, now)
  const after = await endpoints.updateEndpoint(db, row.id, renewed(rules, row, columns), now)
  await (after.url === row.url
    ? tx`select rowhook.probe_soon(s.id) from rowhook.sink s where s.endpoint_id = ${row.id}`
    : tx`select rowhook.change_receiver(s.id) from rowhook.sink s where s.endpoint_id = ${row.id}`)
  await audit({
    action: 'endpoint.update',
    resource: `endpoint:${row.name}`,
    before: showEndpoint(row, now),
    after: showEndpoint(after, now),
  })
  return { row: after, ...made }
}

// Whatever is changed of an endpoint, its secrets come to the newest key.
const renewed = (
  { keyRing }: EndpointRules,
  { id }: EndpointRow,
  columns: EndpointColumns,
): EndpointColumns => ({
  ...columns,
  ...renewSecrets(keyRing, id, columns),
})

/** @param row as it was read in this transaction, with a lock */
export async function rotateEndpointSecret(
  { db, audit }: Change,
  rules: EndpointRules,
  row: EndpointRow,
  overlapMs: number,
): Promise<Required<ChangedEndpoint>> {
  const now = new Date()
  const { columns, madeSecret } = rotateSecret(rules, row, { now, overlapMs })
  const after = await endpoints.updateEndpoint(db, row.id, renewed(rules, row, columns), now)
  await audit({
    action: 'endpoint.rotate-secret',
    resource: `endpoint:${row.name}`,
    before: showEndpoint(row, now),
    after: showEndpoint(after, now),
  })
  return { row: after, madeSecret }
}

/** @throws ConflictError while a sink uses it */
export async function removeEndpoint({ db, audit }: Change, row: EndpointRow): Promise<void> {
  await endpoints.deleteEndpoint(db, row)
  await audit({
    action: 'endpoint.delete',
    resource: `endpoint:${row.name}`,
    before: showEndpoint(row, new Date()),
    after: null,
  })
}
