// How many connections this role may have here, and what a process takes of them.
import type postgres from 'postgres'

/** What one process opens at most. */
export interface ConnectionPlan {
  /** Of the pool that everything but the job worker shares. */
  pool: number
  /** Of the job worker: one listens, the rest take jobs. */
  worker: number
}

/** On a plan of 10, with one more to listen: five, so that a second process still finds room. */
const small: ConnectionPlan = { pool: 2, worker: 2 }
const usual: ConnectionPlan = { pool: 5, worker: 3 }

/** Up to so many, a limit counts as small. */
const smallLimit = 20

/** @param asked ROWHOOK_POOL_SIZE; undefined: by the limit */
export function planConnections(limit: number, asked: number | undefined): ConnectionPlan {
  const plan = limit <= smallLimit || (asked !== undefined && asked < usual.pool) ? small : usual
  return { ...plan, pool: asked ?? plan.pool }
}

/** The least of what the role, the database and the server allow. */
export async function readConnectionLimit(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ limit: number }[]>`
    select least(
      (select nullif(r.rolconnlimit, -1) from pg_catalog.pg_roles r where r.rolname = current_user),
      (select nullif(d.datconnlimit, -1) from pg_catalog.pg_database d
        where d.datname = current_database()),
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    )::int as limit`
  return row!.limit
}
