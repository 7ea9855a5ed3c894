// Triggers on the users' tables, before a change is written and after. They lock the table, so they must
// not wait for a transaction of ours, nor it for them: first triggers are placed, a table at a time; then
// one transaction writes what is wanted. A trigger whose sink was never written captures nothing.
import { prepareSources, releaseSources, resolveTables } from '../capture/tables.ts'
import type { ResolvedTable, TableInput } from '../capture/tables.ts'
import type { ApiOptions } from './context.ts'
import { sourceIdsOf } from './store/sources.ts'

type Services = Pick<ApiOptions, 'sql' | 'db' | 'logger'>

/** Tables that are known to exist, with filters that plan and triggers in place. */
export type PreparedTables = readonly ResolvedTable[]

/**
 * Checks tables against the database and places the triggers that are missing.
 * @throws InputError with paths below `tables`, LockTimeoutError when a table stays locked
 */
export async function prepareTables(
  services: Services,
  tables: readonly TableInput[],
): Promise<PreparedTables> {
  const resolved = await resolveTables(services.sql, tables)
  await placeTriggers(services, resolved)
  return resolved
}

/** Places the triggers that are missing; when that fails, none of them stays for nothing. */
export async function placeTriggers(services: Services, tables: PreparedTables): Promise<void> {
  const onProgress = (line: string) => services.logger.info({ step: line }, 'placing triggers')
  try {
    await prepareSources(services.sql, tables, { onProgress })
  } catch (error) {
    await forgetTables(services, tables)
    throw error
  }
}

/** Takes back what was placed, as far as no sink and no retention wants it. Never fails. */
export async function forgetTables(services: Services, tables: PreparedTables): Promise<void> {
  try {
    const relids = tables.map(({ relid }) => relid)
    await forgetSources(services, await sourceIdsOf(services.db, relids))
  } catch (error) {
    services.logger.warn({ err: error }, 'triggers that nobody wants may still be there')
  }
}

/** Takes away triggers that no sink and no retention wants. Never fails: one that stays does no harm. */
export async function forgetSources({ sql, logger }: Services, sourceIds: readonly number[]): Promise<void> {
  try {
    await releaseSources(sql, [...new Set(sourceIds)])
  } catch (error) {
    logger.warn({ err: error, sourceIds }, 'triggers that nobody wants are still there')
  }
}
