// What a document changes, in the order in which apply.ts does it. Reads only.
import type postgres from 'postgres'
import type { Db } from '../../db/kysely.ts'
import type { EndpointRules } from '../endpointColumns.ts'
import { everything } from '../page.ts'
import { listEndpoints } from '../store/endpoints.ts'
import { type EndpointStep, planEndpoints } from './endpoints.ts'
import { type RetentionStep, planRetentions } from './retentions.ts'
import type { ConfigDocument, PlannedChange } from './schema.ts'
import { type SinkStep, planSinks } from './sinks.ts'

export type Step = EndpointStep | SinkStep | RetentionStep

/** What a plan is made against: a pool, or the transaction that will carry it out. */
export interface PlanSource {
  sql: postgres.ISql
  db: Db
  rules: EndpointRules
}

/**
 * Compares a document with the database.
 * @param prune also remove what the document lacks
 * @throws InputError where applying it would fail: filters that do not plan, endpoints that nobody knows
 */
export async function planDocument(
  source: PlanSource,
  document: ConfigDocument,
  prune: boolean,
): Promise<Step[]> {
  const rows = await listEndpoints(source.db, everything)
  const endpoints = planEndpoints(source.rules, document.endpoints, rows, prune)
  const staying = prune
    ? rows.filter(({ name }) => document.endpoints.some((each) => each.name === name))
    : rows
  const known = new Map([
    ...staying.flatMap(({ id, name }) => [[name, name] as const, [id, name] as const]),
    ...document.endpoints.map(({ name }) => [name, name] as const),
  ])
  const sinks = await planSinks(source, document.sinks, known, prune)
  const retentions = await planRetentions(source, document.retentions, prune)
  // Endpoints are there before the sinks that need them, and go after those that needed them.
  const [made, removed] = [[] as Step[], [] as Step[]]
  for (const step of endpoints) if (step.action !== 'delete') made.push(step)
  for (const step of [...sinks, ...retentions]) (step.action === 'delete' ? removed : made).push(step)
  for (const step of endpoints) if (step.action === 'delete') removed.push(step)
  return [...made, ...removed]
}

/** A step as it is shown. */
export function showStep({ action, kind, name, diff }: Step): PlannedChange {
  return { action, kind, name, diff }
}
