// Whether a pooler in transaction mode stands between: then a connection is no session. Prepared
// statements, LISTEN and session settings land in sessions that others use, and are missed where they
// are wanted. `pgbouncer=true` in the URL says so; where it does not, this finds out.
import type postgres from 'postgres'

const rounds = 5

let last: Promise<unknown> = Promise.resolve()

/**
 * Whether two connections of the pool are served by one session. Needs two connections. A pooler that
 * has more sessions free than clients may go unnoticed; a direct connection is never taken for a pooled one.
 */
export async function sharesSessions(sql: postgres.Sql): Promise<boolean> {
  // One at a time: two that hold one connection each, and wait for another, would wait for ever.
  const mine = last.then(() => probe(sql))
  last = mine.catch(() => {})
  return mine
}

async function probe(sql: postgres.Sql): Promise<boolean> {
  const connection = await sql.reserve()
  const pids = new Set<number>()
  try {
    let shared = false
    for (let round = 0; round < rounds && !shared; round += 1) {
      pids.add(await pidOf(connection))
      // A transaction that begins now is given the session that was just given back; while it lasts, our
      // connection is given another one.
      shared = await sql.begin(async (tx) => {
        const theirs = await pidOf(tx)
        pids.add(await pidOf(connection))
        return pids.has(theirs) || pids.size > 1
      })
    }
    connection.release()
    return shared
  } catch (error) {
    // One that is gone must not be released (see deliver/journal.ts), one that lives must not be lost.
    await pidOf(connection).then(
      () => connection.release(),
      () => {},
    )
    throw error
  }
}

async function pidOf(client: postgres.ISql): Promise<number> {
  const [row] = await client<{ pid: number }[]>`select pg_backend_pid() as pid`
  return row!.pid
}
