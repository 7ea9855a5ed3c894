// Whether a pooler in transaction mode stands between: then a connection is no session. Prepared
// statements, LISTEN and session settings land in sessions that others use, and are missed where they
// are wanted. `pgbouncer=true` in the URL says so; where it does not, this finds out.
import type postgres from 'postgres'

const rounds = 5

/**
 * Whether two connections of the pool are served by one session. Needs two connections. A pooler that
 * has more sessions free than clients may go unnoticed; a direct connection is never taken for a pooled one.
 */
export async function sharesSessions(sql: postgres.Sql): Promise<boolean> {
  const pids = new Set<number>()
  const connection = await sql.reserve()
  const ask = async (client: postgres.Sql): Promise<number> => {
    const [row] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`
    return row!.pid
  }
  for (let round = 0; round < rounds; round += 1) {
    // where this throws the connection is gone, and must not be released (see deliver/journal.ts)
    pids.add(await ask(connection))
    // A transaction that begins now is given the session that was just given back; while it lasts, our
    // connection is given another one.
    const shared = await sql.begin(async (tx) => {
      const theirs = await ask(tx as unknown as postgres.Sql)
      pids.add(await ask(connection))
      return pids.has(theirs)
    })
    if (shared || pids.size > 1) {
      connection.release()
      return true
    }
  }
  connection.release()
  return false
}
