// Triggers in place before a sink is saved, on tables that may be busy. Creating a trigger waits for
// every open transaction that wrote to the table, and writers queue up behind whoever waits; so each
// attempt waits briefly, and between attempts everybody else gets their turn.
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { InputError, LockTimeoutError } from '../errors.ts'
import type { ResolvedTable } from './resolve.ts'

/** How patient to be. */
export interface PrepareOptions {
  /** Longest wait for a table's lock at a time, while its writers wait behind us; default 200. */
  lockTimeoutMs?: number
  /** From the first attempt on a table; default 30 000. */
  giveUpAfterMs?: number
  /** Gets a line when a table has to be waited for, and when its triggers are in place. */
  onProgress?: (line: string) => void
}

const longestPauseMs = 1000

/**
 * Makes the source rows, and creates the triggers that the tables still lack, a table or partition at a
 * time, each in a transaction of its own. Doing it twice does nothing.
 * @throws LockTimeoutError that names the table, and the process that holds it with its query
 */
export async function prepareSources(
  sql: postgres.Sql,
  resolved: readonly ResolvedTable[],
  options: PrepareOptions = {},
): Promise<void> {
  for (const { relid, actions } of resolved) {
    const missing = await sql.begin(async (tx) => {
      const [source] = await tx<{ id: number }[]>`select rowhook.source_for(${relid}::oid::regclass) as id`
      return tx<Missing[]>`
        select distinct ${source!.id}::int as source_id, w.relid::oid as relid, rowhook.table_name(w.relid) as name
        from rowhook.wanted_triggers(${source!.id}, ${actions}) w
        where w.missing order by 2`
    })
    for (const table of missing) await placePatiently(sql, table, actions, options)
  }
}

interface Missing {
  source_id: number
  relid: number
  name: string
}

async function placePatiently(
  sql: postgres.Sql,
  { source_id, relid, name }: Missing,
  actions: readonly string[],
  { lockTimeoutMs = 200, giveUpAfterMs = 30_000, onProgress = () => {} }: PrepareOptions,
): Promise<void> {
  const begun = performance.now()
  for (let attempt = 1; ; attempt += 1) {
    try {
      await sql.begin(async (tx) => {
        await tx.unsafe(`set local lock_timeout = ${lockTimeoutMs}`)
        await tx`select rowhook.place_triggers(${source_id}, ${[...actions]}::text[], ${relid}::oid::regclass)`
      })
      onProgress(`triggers on ${name} are in place`)
      return
    } catch (error) {
      const state = error instanceof postgres.PostgresError ? error.code : ''
      if (state === insufficientPrivilege)
        throw new InputError([{ path: 'tables', message: (error as Error).message }])
      if (state !== lockNotAvailable && state !== deadlockDetected) throw error
      const pauseMs = Math.min(longestPauseMs, 50 * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2)
      const waitedMs = performance.now() - begun
      if (waitedMs + pauseMs > giveUpAfterMs)
        throw await lockTimeout(sql, relid, name, waitedMs, attempt, error)
      onProgress(`${name} is busy; attempt ${attempt + 1} in ${Math.round(pauseMs)} ms`)
      await sleep(pauseMs)
    }
  }
}

const insufficientPrivilege = '42501'
const lockNotAvailable = '55P03'
const deadlockDetected = '40P01'

async function lockTimeout(
  sql: postgres.Sql,
  relid: number,
  name: string,
  waitedMs: number,
  attempts: number,
  cause: unknown,
): Promise<LockTimeoutError> {
  // Whoever is waiting for a lock themselves is not the one to blame.
  const [holder] = await sql<{ pid: number; query: string; state: string; open: number }[]>`
    select a.pid, left(regexp_replace(a.query, '\\s+', ' ', 'g'), 200) as query, a.state,
      round(extract(epoch from clock_timestamp() - a.xact_start))::int as open
    from pg_catalog.pg_locks l
    join pg_catalog.pg_stat_activity a using (pid)
    where l.granted and l.locktype = 'relation' and l.relation = ${relid}
      and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
      and l.mode not in ('AccessShareLock', 'RowShareLock') and a.pid <> pg_backend_pid()
    order by a.xact_start limit 1`
  const tried = `no lock on ${name} in ${attempts} attempts over ${(waitedMs / 1000).toFixed(1)} s`
  if (holder === undefined)
    return new LockTimeoutError(tried, { hint: 'try again in a quieter moment', cause })
  return new LockTimeoutError(
    `${tried}: process ${holder.pid} holds it (${holder.state}, its transaction open for ${holder.open} s) with: ${holder.query}`,
    {
      hint: `wait for that transaction to end, or end it with: select pg_terminate_backend(${holder.pid})`,
      cause,
    },
  )
}
