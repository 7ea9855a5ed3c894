// Kysely over postgres.js, for the CRUD of the configuration tables. Hot-path SQL is not written
// here: it lives in sql/functions.
import { Kysely } from 'kysely'
import { PostgresJSDialect } from 'kysely-postgres-js'
import type postgres from 'postgres'
import type { Database } from './tables.ts'

/** Kysely that knows rowhook's configuration tables. */
export type Db = Kysely<Database>

/** Kysely over a pool; the pool stays the caller's to end. */
export function createKysely(sql: postgres.Sql): Db {
  return new Kysely<Database>({ dialect: new PostgresJSDialect({ postgres: sql }) })
}

/**
 * Kysely inside a transaction that postgres.js began, so that both write in the same one. It must
 * not outlive the transaction, nor begin another.
 */
export function kyselyInside(tx: postgres.TransactionSql): Db {
  const unsafe: typeof tx.unsafe = (text, parameters, options) => tx.unsafe(text, parameters, options)
  const connection = { unsafe, release: () => {} }
  const reserve = () => Promise.resolve(connection)
  return new Kysely<Database>({
    dialect: new PostgresJSDialect({ postgres: () => ({ reserve, end: () => Promise.resolve() }) }),
  })
}
