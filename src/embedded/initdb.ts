// Makes the database cluster of a data folder, once.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseError } from '../errors.ts'
import type { Account } from './account.ts'
import type { Major } from './binaries.ts'

/** How clients on the loopback address prove who they are: not at all, or by password. */
export type Auth = 'trust' | 'scram'

/** The role that owns a fresh cluster. */
export const superuser = 'postgres'

/** What runs and owns a cluster. */
interface Owner {
  account: Account
  /** The folder of `binariesFor`. */
  binaries: string
  major: Major
}

/** The environment of every server program: nothing of ours, so that no PG… variable leaks in. */
export const serverEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * Runs initdb where the folder holds no cluster yet, and returns the superuser's password.
 * @param passwordFile where the password is kept (mode 0600); only read and written with `scram`
 * @returns undefined with `trust`
 */
export function ensureCluster(
  dataDir: string,
  passwordFile: string,
  auth: Auth,
  owner: Owner,
): string | undefined {
  const exists = existsSync(join(dataDir, 'PG_VERSION'))
  if (exists) requireMajor(dataDir, owner.major)
  if (auth === 'trust') {
    if (!exists) initdb(dataDir, ['--auth=trust'], owner)
    return undefined
  }
  if (exists) return keptPassword(passwordFile, dataDir)
  const password = randomBytes(24).toString('base64url')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  // initdb reads it as the server's account, which may not reach our own copy.
  const scratch = mkdtempSync('/var/tmp/rowhook-initdb-')
  try {
    const file = join(scratch, 'password')
    writeFileSync(file, `${password}\n`, { mode: 0o600 })
    if (owner.account.uid !== undefined) {
      for (const path of [scratch, file]) chownSync(path, owner.account.uid, owner.account.gid)
    }
    initdb(dataDir, ['--auth=scram-sha-256', `--pwfile=${file}`], owner)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return password
}

function keptPassword(passwordFile: string, dataDir: string): string {
  try {
    return readFileSync(passwordFile, 'utf8').trim()
  } catch (cause) {
    throw new DatabaseError(
      `the password of the database in ${dataDir} cannot be read from ${passwordFile}`,
      {
        hint: 'put the file back, or remove the data folder to begin anew',
        cause,
      },
    )
  }
}

function requireMajor(dataDir: string, major: Major): void {
  const found = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim()
  if (found === major) return
  throw new DatabaseError(`${dataDir} holds a database of Postgres ${found}, and this starts ${major}`, {
    hint: 'remove the folder (its data with it), or upgrade it with pg_upgrade',
  })
}

function initdb(dataDir: string, options: string[], owner: Owner): void {
  // The C locale exists everywhere; where Postgres brings its own C.UTF-8, letters beyond ASCII have
  // an upper and a lower case too.
  const locale =
    Number(owner.major) >= 17
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : ['--locale=C']
  const done = spawnSync(
    join(owner.binaries, 'bin/initdb'),
    [`--pgdata=${dataDir}`, `--username=${superuser}`, '--encoding=UTF8', '--no-sync', ...locale, ...options],
    { ...owner.account, cwd: '/', env: serverEnvironment, encoding: 'utf8' },
  )
  if (done.status === 0) return
  const reason = lastLine(done.stderr ?? '')
  throw new DatabaseError(`initdb could not make a database in ${dataDir}: ${reason}`, {
    hint: reason.includes('user does not exist')
      ? 'run as a user that /etc/passwd names (in a container: without a bare number as its user)'
      : 'check that the disk is writable and not full',
    cause: done.error,
  })
}

/** The last line of a program's output that says something, shortened. */
export function lastLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  return (lines.at(-1) ?? 'no output').trim().slice(0, 300)
}
