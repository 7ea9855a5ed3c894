// The endpoints of a document against those of the database.
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type EndpointRules, columnsOf, patchEndpoint, prepareEndpoint } from '../endpointColumns.ts'
import { type EndpointInput, mask } from '../schema/endpoint.ts'
import type { EndpointColumns, EndpointRow } from '../store/endpoints.ts'
import { type Difference, differences } from './diff.ts'
import { within } from '../within.ts'

/** What is to be done with an endpoint. */
export type EndpointStep = { kind: 'endpoint'; name: string; diff: Difference[] } & (
  | { action: 'create'; input: EndpointInput; index: number }
  | { action: 'update'; input: EndpointInput; index: number; row: EndpointRow }
  | { action: 'delete'; row: EndpointRow }
)

/**
 * Secrets that the document names are compared with the stored ones; those that it does not name stay.
 * @throws InputError with paths below `endpoints[i]`
 */
export function planEndpoints(
  rules: EndpointRules,
  inputs: readonly EndpointInput[],
  rows: readonly EndpointRow[],
  prune: boolean,
): EndpointStep[] {
  const now = new Date()
  const steps: EndpointStep[] = []
  for (const [index, input] of inputs.entries()) {
    const { name } = input
    const row = rows.find((each) => each.name === name)
    within(`endpoints[${index}]`, () => {
      if (row === undefined) {
        const { columns } = prepareEndpoint(rules, randomUUID(), input, now)
        steps.push({
          kind: 'endpoint',
          name,
          action: 'create',
          input,
          index,
          diff: differ(undefined, columns),
        })
        return
      }
      const { columns } = patchEndpoint(rules, row, input, now)
      if (isDeepStrictEqual(columns, columnsOf(row))) return
      steps.push({
        kind: 'endpoint',
        name,
        action: 'update',
        input,
        index,
        row,
        diff: differ(columnsOf(row), columns),
      })
    })
  }
  if (!prune) return steps
  const gone = rows.filter((row) => !inputs.some(({ name }) => name === row.name))
  return [
    ...steps,
    ...gone.map((row): EndpointStep => {
      return {
        kind: 'endpoint',
        name: row.name,
        action: 'delete',
        row,
        diff: differ(columnsOf(row), undefined),
      }
    }),
  ]
}

const secretFields = /^(encrypted_headers|signing_secrets|client_key)\b/

function differ(before: EndpointColumns | undefined, after: EndpointColumns | undefined): Difference[] {
  return differences(before ?? {}, after ?? {})
    .filter(({ path }) => path !== 'name')
    .map((difference) => {
      if (!secretFields.test(difference.path)) return difference
      const { path } = difference
      return {
        path,
        ...('before' in difference ? { before: mask } : {}),
        ...('after' in difference ? { after: mask } : {}),
      }
    })
}
