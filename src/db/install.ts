// Installs a release and compares a database with it. The work is done by the one statement of
// install-script.ts; here are its transaction, its retries, and what its errors mean.
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { DatabaseError } from '../errors.ts'
import { installScript, noticePrefix } from './install-script.ts'
import { type Release, workerSchema } from './release.ts'
import { connect } from './connect.ts'
import { isConnectionError } from './connection-error.ts'

/** How a database stands to a release; `reason` is one line, empty when it is current. */
export interface Comparison {
  state: 'current' | 'absent' | 'behind' | 'newer'
  reason: string
}

/** Attempts while other transactions hold locks on the log's tables, 2 s each, and the pause between. */
const attempts = 30
const pauseMs = 1000

/**
 * Installs or upgrades, in one transaction under one lock.
 * @param onProgress gets a line for each thing that was done; none means that nothing was due
 * @throws DatabaseError when the role or the server will not do, or the database is newer
 */
export async function install(
  url: string,
  release: Release,
  onProgress: (line: string) => void = () => {},
): Promise<void> {
  const script = installScript(release)
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runScript(url, script, onProgress)
      return
    } catch (error) {
      if (!isLockConflict(error) || attempt === attempts) throw await explain(error, url)
      onProgress(`waiting for transactions that use the log (attempt ${attempt} of ${attempts})`)
      await sleep(pauseMs)
    }
  }
}

async function runScript(url: string, script: string, onProgress: (line: string) => void): Promise<void> {
  const onnotice = ({ message = '' }: postgres.Notice) => {
    if (message.startsWith(noticePrefix)) onProgress(message.slice(noticePrefix.length))
  }
  const sql = connect(url, { max: 1, prepare: false, fetch_types: false, onnotice })
  try {
    // One message, hence one transaction on one connection, whatever pooler stands between.
    await sql.unsafe(`
      begin isolation level read committed read write;
      set local statement_timeout = 0;
      set local client_min_messages = notice;
      ${script}
      commit`)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

const isLockConflict = (error: unknown) => ['55P03', '40P01'].includes(stateOf(error))

/** SQLSTATE of an error of the server, or ''. */
const stateOf = (error: unknown) => (error instanceof postgres.PostgresError ? error.code : '')

async function explain(error: unknown, url: string): Promise<unknown> {
  if (isConnectionError(error)) return error
  const { message, hint } = error as postgres.PostgresError
  const state = stateOf(error)
  if (state === '42501') return explainPermission(message, url)
  if (state === '25006') {
    return new DatabaseError('this server is a read-only standby', {
      hint: 'give the address of the primary in DATABASE_URL',
    })
  }
  if (isLockConflict(error)) {
    return new DatabaseError('a long transaction keeps the lock on a table of the log', {
      hint: 'end it (select pid, query from pg_stat_activity where state <> $$idle$$), then run install-sql again',
    })
  }
  // Without the error itself as cause: it carries the whole statement, and would fill every log.
  return new DatabaseError(`${placeOf(error as postgres.PostgresError)}${message}`, hint ? { hint } : {})
}

/** `functions/x.sql:12: ` for an error in one of our files, else nothing. */
function placeOf({
  where = '',
  internal_query: query = '',
  internal_position: position,
}: postgres.PostgresError) {
  const [, file] = /-- file: (\S+)/.exec(query || where) ?? []
  if (file === undefined) return ''
  // The first line of what was executed is the comment that names the file.
  const line = position ? `:${query.slice(0, Number(position)).split('\n').length - 1}` : ''
  return `${file}${line}: `
}

/** Names the grant that is missing; asks the database who we are, for the URL need not say it. */
async function explainPermission(message: string, url: string): Promise<DatabaseError> {
  const sql = connect(url, { max: 1, prepare: false, fetch_types: false })
  try {
    const [row] = await sql<{ role: string; database: string; owner: string | null; may: boolean }[]>`
      select current_user as role, current_database() as database,
        has_database_privilege(current_database(), 'create') as may,
        (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'rowhook') as owner`
    const { role, database, owner, may } = row!
    if (owner !== null && owner !== role) {
      return new DatabaseError(`rowhook was installed in this database by role "${owner}": ${message}`, {
        hint: `run install-sql as that role, or: grant "${owner}" to "${role}"`,
      })
    }
    if (!may) {
      return new DatabaseError(`role "${role}" may not create a schema in database "${database}"`, {
        hint: `run as its owner: grant create on database "${database}" to "${role}"`,
      })
    }
    return new DatabaseError(message)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Compares what is installed with a release; changes nothing. */
export async function compare(sql: postgres.Sql, release: Release): Promise<Comparison> {
  const [there] = await sql<{ ours: boolean; workers: boolean }[]>`
    select to_regclass('rowhook.migration') is not null as ours,
      to_regclass(${`${workerSchema}.migrations`}) is not null as workers`
  if (!there!.ours || !there!.workers) {
    return { state: 'absent', reason: 'rowhook is not installed in this database' }
  }
  const applied = await sql<{ id: number; checksum: string }[]>`
    select id, checksum from rowhook.migration order by id`
  const [workers] = await sql<{ id: number }[]>`
    select coalesce(max(id), 0) as id from ${sql(workerSchema)}.migrations`
  const [installation] = await sql<{ version: string; functions_checksum: string }[]>`
    select version, functions_checksum from rowhook.installation`
  return judge({ applied, workerId: workers!.id, installation: installation! }, release)
}

interface Installed {
  applied: { id: number; checksum: string }[]
  workerId: number
  installation: { version: string; functions_checksum: string }
}

function judge({ applied, workerId, installation }: Installed, release: Release): Comparison {
  const { version, migrations, workerMigrations } = release
  const newer = (what: string): Comparison => ({
    state: 'newer',
    reason: `${what} newer than this code (rowhook ${version})`,
  })
  if (applied.length > migrations.length) return newer('the SQL in this database is')
  if (isNewer(installation.version, version))
    return newer(`the SQL in this database (${installation.version}) is`)
  if (workerId > workerMigrations.length) return newer(`the schema ${workerSchema} is`)
  const behind = (reason: string): Comparison => ({ state: 'behind', reason })
  for (const migration of migrations) {
    const found = applied.find(({ id }) => id === migration.id)
    if (found === undefined) return behind(`${migration.name} is not applied`)
    if (found.checksum !== migration.checksum)
      return behind(`${migration.name} is not the file that was applied`)
  }
  if (workerId < workerMigrations.length)
    return behind(`the schema ${workerSchema} is at ${workerId} of ${workerMigrations.length}`)
  if (installation.functions_checksum !== release.reappliedChecksum || installation.version !== version) {
    return behind(`the functions are of rowhook ${installation.version || 'an unfinished install'}`)
  }
  return { state: 'current', reason: '' }
}

/** Whether version `a` comes after `b`; what follows a hyphen does not count. */
export function isNewer(a: string, b: string): boolean {
  const parts = (version: string) => version.split('-')[0]!.split('.').map(Number)
  const [left, right] = [parts(a), parts(b)]
  for (const [index, part] of left.entries()) {
    if (part !== (right[index] ?? 0)) return part > (right[index] ?? 0)
  }
  return false
}
