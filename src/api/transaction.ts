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

/** serialization_failure, deadlock_detected: nothing was done, and the same again may well succeed. */
const lostToAnother = ['40001', '40P01']
const maxAttempts = 4

/**
 * Runs `work` in a transaction of its own, and again where another broke it off. Dispatchers hear of it at
 * commit and reload; NOTIFY's cluster-wide lock does not matter here, because people change settings a few
 * times a day.
 */
export async function change<Result>(
  sql: postgres.Sql,
  actor: Actor,
  work: (change: Change) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await changeOnce(sql, actor, work)
    } catch (error) {
      const { code } = error as { code?: string }
      if (attempt === maxAttempts || !lostToAnother.includes(code ?? '')) throw error
    }
  }
}

async function changeOnce<Result>(
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
