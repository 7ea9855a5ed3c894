// Carrying out a plan: all of it in one transaction, or nothing. Only triggers come before, because they
// lock the users' tables; those that turn out to be for nothing are taken away again.
import { randomUUID } from 'node:crypto'
import { ConflictError } from '../../errors.ts'
import { startBackfill } from '../backfillStart.ts'
import type { Actor, ApiOptions } from '../context.ts'
import { createEndpoint, removeEndpoint, updateEndpoint } from '../endpointChanges.ts'
import { type PreparedRetention, dropRetention, prepareRetention, setRetention } from '../retentionChanges.ts'
import { createSink, regenerateSources, removeSink, updateSink } from '../sinkChanges.ts'
import { findEndpoint } from '../store/endpoints.ts'
import { findSink } from '../store/sinks.ts'
import { type Change, change } from '../transaction.ts'
import { type PreparedTables, forgetSources, forgetTables, prepareTables } from '../triggers.ts'
import { type Step, planDocument, showStep } from './plan.ts'
import type { ConfigDocument, PlannedChange } from './schema.ts'
import { withinAsync } from '../within.ts'

/** Tables with triggers in place, by the place of their sink or retention in the document. */
interface Prepared {
  sinks: Map<number, PreparedTables>
  retentions: Map<number, PreparedRetention>
}

/** @returns what was done; signing secrets that were made are in it, this once */
export async function applyDocument(
  options: ApiOptions,
  actor: Actor,
  document: ConfigDocument,
  prune: boolean,
): Promise<PlannedChange[]> {
  const rules = options.config
  const prepared: Prepared = { sinks: new Map(), retentions: new Map() }
  try {
    await prepare(options, await planDocument({ ...options, rules }, document, prune), prepared)
    const { changes, sourceIds } = await change(options.sql, actor, async (changing) => {
      // One document at a time, and planned again: others may have changed things since.
      await changing.tx`select pg_advisory_xact_lock(7261, 10)`
      const steps = await planDocument({ sql: changing.tx, db: changing.db, rules }, document, prune)
      const changes: PlannedChange[] = []
      const sourceIds: number[] = []
      for (const step of steps) {
        const { madeSecret, touched = [] } = await take(changing, options, step, prepared)
        sourceIds.push(...touched)
        changes.push({
          ...showStep(step),
          ...(madeSecret === undefined ? {} : { signing_secret: madeSecret }),
        })
      }
      await regenerateSources(changing, sourceIds)
      return { changes, sourceIds }
    })
    await forgetSources(options, sourceIds)
    return changes
  } catch (error) {
    const tables = [
      ...prepared.sinks.values(),
      [...prepared.retentions.values()].map(({ table }) => table),
    ].flat()
    await forgetTables(options, tables)
    throw error
  }
}

async function prepare(options: ApiOptions, steps: readonly Step[], prepared: Prepared): Promise<void> {
  for (const step of steps) {
    if (step.action === 'delete') continue
    if (step.kind === 'sink' && (step.action === 'create' || step.tablesDiffer)) {
      const { index, entry } = step
      const tables = await withinAsync(`sinks[${index}]`, () => prepareTables(options, entry.tables))
      prepared.sinks.set(index, tables)
    }
    if (step.kind === 'retention') {
      const { index, entry } = step
      const retention = await withinAsync(`retentions[${index}]`, () =>
        prepareRetention(options, entry.table, entry),
      )
      prepared.retentions.set(index, retention)
    }
  }
}

interface Taken {
  madeSecret?: string
  /** Sources whose functions are to be made anew. */
  touched?: number[]
}

async function take(
  changing: Change,
  { config }: ApiOptions,
  step: Step,
  prepared: Prepared,
): Promise<Taken> {
  switch (step.kind) {
    case 'endpoint':
      if (step.action === 'create') return createEndpoint(changing, config, randomUUID(), step.input)
      if (step.action === 'update') {
        const row = await findEndpoint(changing.db, step.row.id, { lock: true })
        return updateEndpoint(changing, config, row, step.input)
      }
      await removeEndpoint(changing, step.row)
      return {}
    case 'sink': {
      if (step.action === 'delete') return { touched: await removeSink(changing, step.row) }
      const { entry } = step
      if (step.action === 'create') {
        const { backfill } = entry
        const { row, sourceIds } = await createSink(changing, entry, ready(prepared.sinks.get(step.index)))
        if (backfill !== null)
          await withinAsync(`sinks[${step.index}].backfill`, () => startBackfill(changing, row, backfill))
        return { touched: sourceIds }
      }
      const { tables: _, backfill: __, ...settings } = entry
      const tables = step.tablesDiffer ? ready(prepared.sinks.get(step.index)) : undefined
      const row = await findSink(changing.db, step.row.uid, { lock: true })
      return { touched: (await updateSink(changing, row, settings, tables)).sourceIds }
    }
    case 'retention':
      if (step.action === 'delete') {
        await dropRetention(changing, step.row)
        return { touched: [step.row.source_id] }
      }
      await setRetention(changing, ready(prepared.retentions.get(step.index)))
      return {}
  }
}

function ready<Tables>(tables: Tables | undefined): Tables {
  if (tables !== undefined) return tables
  throw new ConflictError('the configuration was changed while this document was being applied', {
    hint: 'Apply it again.',
  })
}
