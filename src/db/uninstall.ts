// Takes rowhook out of a database, under traffic: no statement of a user fails, and none waits for
// longer than one lock attempt. First the triggers, table by table, each in a transaction of its own;
// from then on nobody writes to the log, and the schemas can go. Roles stay: other databases of the
// cluster may use them.
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { ConflictError, LockTimeoutError } from '../errors.ts'
import { installLock } from './install-script.ts'
import { workerSchema } from './release.ts'

/** How long a lock may be waited for, while the table's writers queue up behind us. */
const lockTimeoutMs = 200
const attempts = 100
const longestPauseMs = 2000

/**
 * Removes every trigger that rowhook made, then its schemas.
 * @param sql a pool of one connection that is not behind a transaction pooler, or a pool of any kind
 * @param onProgress gets a line for each thing that was removed
 * @throws ConflictError when something of the user's is built upon rowhook's schemas
 * @throws LockTimeoutError that names who holds a table
 */
export async function uninstall(sql: postgres.Sql, onProgress: (line: string) => void): Promise<void> {
  await refuseDependents(sql)
  for (;;) {
    const tables = await capturedTables(sql)
    if (tables.length === 0) break
    for (const table of tables) {
      await patiently(sql, table, async (tx) => {
        for (const trigger of table.triggers)
          await tx.unsafe(`drop trigger if exists ${trigger} on ${table.name}`)
      })
      onProgress(`removed ${count(table.triggers.length, 'trigger')} from ${table.name}`)
    }
  }
  for (const schema of ['rowhook', workerSchema]) {
    const [found] = await sql`select from pg_namespace where nspname = ${schema}`
    if (found === undefined) continue
    await patiently(sql, { name: `the schema ${schema}` }, async (tx) => {
      await tx`select pg_advisory_xact_lock(${installLock})`
      await tx`drop schema if exists ${tx(schema)} cascade`
    })
    onProgress(`removed the schema ${schema}`)
  }
}

interface CapturedTable {
  oid: string
  /** Quoted, with its schema. */
  name: string
  /** Quoted. */
  triggers: string[]
}

async function capturedTables(sql: postgres.Sql): Promise<CapturedTable[]> {
  // Copies that Postgres itself keeps on partitions (tgparentid) go with their original.
  return sql<CapturedTable[]>`
    select c.oid::text as oid, format('%I.%I', n.nspname, c.relname) as name,
      json_agg(quote_ident(t.tgname) order by t.tgname) as triggers
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    join pg_namespace pn on pn.oid = p.pronamespace and pn.nspname = 'rowhook'
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname not in ('rowhook', ${workerSchema}) and t.tgparentid = 0 and not t.tgisinternal
    group by c.oid, n.nspname, c.relname
    order by 2`
}

/** Runs work in a transaction with a short lock timeout, again and again until it gets its locks. */
async function patiently(
  sql: postgres.Sql,
  what: { name: string; oid?: string },
  work: (tx: postgres.TransactionSql) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await sql.begin(async (tx) => {
        await tx.unsafe(`set local lock_timeout = ${lockTimeoutMs}; set local statement_timeout = 0`)
        await work(tx)
      })
      return
    } catch (error) {
      // 55P03 lock_not_available, 40P01 deadlock_detected; a table that is gone needs nothing more.
      const state = error instanceof postgres.PostgresError ? error.code : ''
      if (what.oid !== undefined && state === '42P01') return
      if (state !== '55P03' && state !== '40P01') throw error
      if (attempt === attempts) throw await lockTimeout(sql, what, error)
      await sleep(Math.min(longestPauseMs, 50 * attempt) * (0.5 + Math.random() / 2))
    }
  }
}

async function lockTimeout(
  sql: postgres.Sql,
  { name, oid }: { name: string; oid?: string },
  cause: unknown,
): Promise<LockTimeoutError> {
  const holders = await sql<{ pid: number; query: string }[]>`
    select distinct a.pid, left(a.query, 100) as query
    from pg_locks l join pg_stat_activity a using (pid)
    left join pg_class c on c.oid = l.relation
    where l.granted and a.pid <> pg_backend_pid() and l.database = (
        select oid from pg_database where datname = current_database())
      and (l.relation::text = ${oid ?? null}::text
        or ${oid ?? null}::text is null and c.relnamespace::regnamespace::text in ('rowhook', ${workerSchema}))`
  const [holder] = holders
  const by =
    holder === undefined ? '' : `: process ${holder.pid} holds it with ${holder.query.replace(/\s+/g, ' ')}`
  return new LockTimeoutError(`no lock on ${name} in ${attempts} attempts${by}`, {
    hint: 'end that transaction, then run install-sql --uninstall again; what was removed stays removed',
    cause,
  })
}

/** `drop … cascade` would take a user's view over rowhook.status with it: refuse, and name it. */
async function refuseDependents(sql: postgres.Sql): Promise<void> {
  const found = await sql<{ name: string }[]>`
    with ours as (
      select 'pg_class'::regclass as classid, oid from pg_class
        where relnamespace in (select oid from pg_namespace where nspname in ('rowhook', ${workerSchema}))
      union all select 'pg_proc'::regclass, oid from pg_proc
        where pronamespace in (select oid from pg_namespace where nspname in ('rowhook', ${workerSchema}))
      union all select 'pg_type'::regclass, oid from pg_type
        where typnamespace in (select oid from pg_namespace where nspname in ('rowhook', ${workerSchema}))
    )
    select distinct i.type || ' ' || i.identity as name
    from pg_depend d
    join ours on ours.classid = d.refclassid and ours.oid = d.refobjid
    cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) i
    cross join lateral pg_identify_object_as_address(d.classid, d.objid, d.objsubid) a
    where d.deptype in ('n', 'a') and i.type <> 'trigger'
      and split_part(a.object_names[1], '.', 1) not in ('rowhook', ${workerSchema})
    order by 1`
  if (found.length === 0) return
  throw new ConflictError(`${found.map(({ name }) => name).join(', ')} depends on rowhook's schemas`, {
    hint: 'drop what depends on them, then run install-sql --uninstall again',
  })
}

const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`
