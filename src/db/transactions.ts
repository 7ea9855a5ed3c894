// Transactions that survive the loss of their connection. postgres.js 3.4 goes on with one whose
// connection is gone: it writes the rollback (or commit, or next statement) to a socket that is null,
// which throws outside of every promise and ends the process, and it leaves that statement behind as the
// connection's current one, so that the next answer goes to the wrong query. So once the connection is
// lost, nothing of the transaction may reach postgres.js any more.
import type postgres from 'postgres'
import { isConnectionError } from './connection-error.ts'

type Work = (tx: postgres.TransactionSql) => unknown

/** Never settles; whoever waits for it was answered already, by the loss of the connection. */
const never = new Promise<never>(() => {})

/** Replaces `begin` of a pool. */
export function surviveLostConnections(sql: postgres.Sql): void {
  const begin = sql.begin.bind(sql) as (options: string, work: Work) => Promise<unknown>
  const guarded = async (...args: [Work] | [string, Work]): Promise<unknown> => {
    const work = args.at(-1) as Work
    const options = args.length === 2 ? (args[0] as string) : ''
    let lost: unknown
    try {
      return await begin(options, async (tx) => {
        try {
          const given = await work(guard(tx, () => lost))
          // values that are queries already are awaited by postgres.js itself
          const result = Array.isArray(given) ? await Promise.all(given) : given
          return lost === undefined ? result : await never
        } catch (error) {
          if (lost !== undefined || isConnectionError(error)) return await never
          throw error
        }
      })
    } catch (error) {
      lost = error
      throw error
    }
  }
  sql.begin = guarded as typeof sql.begin
}

/** The transaction's `sql`, of which every query fails once the connection is lost. */
function guard(tx: postgres.TransactionSql, lost: () => unknown): postgres.TransactionSql {
  return new Proxy(tx, {
    apply(target, self, args) {
      if (lost() !== undefined) return Promise.reject(lost() as Error)
      return Reflect.apply(target as never, self, args) as unknown
    },
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (typeof value !== 'function' || (name !== 'unsafe' && name !== 'savepoint' && name !== 'file'))
        return value
      return (...args: unknown[]) =>
        lost() === undefined
          ? (Reflect.apply(value, target, args) as unknown)
          : Promise.reject(lost() as Error)
    },
  })
}
