// One transaction for a change: what is written, its line in the audit log, and the word to dispatchers.
import type postgres from 'postgres'
import { type Db, kyselyInside } from '../db/kysely.ts'
import type { Actor } from './context.ts'
import { type AuditEntry, writeAudit } from './store/audit.ts'

/** What a change is made with. Everything it writes goes through one of these. */
export interface Change {
  tx: postgres.TransactionSql
  db: Db
  /** Notes what was changed, in the same transaction. */
  audit: (entry: Omit<AuditEntry, 'actor'>) => Promise<void>
}

/**
 * Runs `work` in a transaction of its own. Dispatchers hear of it at commit and reload; NOTIFY's
 * cluster-wide lock does not matter here, because people change settings a few times a day.
 */
export async function change<Result>(
  sql: postgres.Sql,
  actor: Actor,
  work: (change: Change) => Promise<Result>,
): Promise<Result> {
  const result = await sql.begin(async (tx) => {
    const db = kyselyInside(tx)
    const done = await work({ tx, db, audit: (entry) => writeAudit(db, { actor: actor.name, ...entry }) })
    await tx`select pg_notify('rowhook_wake', 'config')`
    return { done }
  })
  return result.done
}
