// The SQL that this code brings: our own files in the order of sql/install.txt, and Graphile
// Worker's migrations, which its package carries as files. Only reads; install-script.ts turns it
// into one statement.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'

/** A file of SQL. */
export interface SqlFile {
  /** Path below its folder, as error messages show it. */
  name: string
  text: string
}

/** A file that is applied once. */
export interface Migration extends SqlFile {
  id: number
  checksum: string
}

/** All SQL that belongs to one version of the code. */
export interface Release {
  version: string
  migrations: Migration[]
  /** Applied again, in order, whenever any of them changed. */
  reapplied: SqlFile[]
  reappliedChecksum: string
  /** Graphile Worker's, with our schema's name in them. */
  workerMigrations: (Migration & { breaking: boolean })[]
}

/** The schema that Graphile Worker gets, so that a user's own never clashes. */
export const workerSchema = 'rowhook_worker'

const repository = resolve(import.meta.dirname, '../..')

/** The version of this code, from package.json. */
export const version = (
  JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }
).version

/** Reads the release of a folder laid out like sql/ (the default). */
export function readRelease(folder: string = join(repository, 'sql')): Release {
  const files = listedFiles(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
  const isMigration = ({ name }: SqlFile) => name.startsWith('migrations/')
  const reapplied = files.filter((file) => !isMigration(file))
  return {
    version,
    migrations: numbered(files.filter(isMigration)),
    reapplied,
    reappliedChecksum: checksum(reapplied.map(({ name, text }) => `${name}\n${text}`).join('\n')),
    workerMigrations: readWorkerMigrations(),
  }
}

/**
 * install.txt: a path a line, `#` begins a comment, and `functions/*.sql` stands for the files of a
 * folder that no other line names, by name.
 */
function listedFiles(folder: string): string[] {
  const lines = readFileSync(join(folder, 'install.txt'), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
  return lines.flatMap((line) =>
    line.endsWith('/*.sql') ? unnamedFiles(folder, dirname(line), lines) : [line],
  )
}

function unnamedFiles(folder: string, sub: string, lines: string[]): string[] {
  return readdirSync(join(folder, sub))
    .filter((name) => name.endsWith('.sql'))
    .map((name) => `${sub}/${name}`)
    .filter((name) => !lines.includes(name))
    .toSorted()
}

function numbered(files: SqlFile[]): Migration[] {
  return files.map(({ name, text }, index) => {
    const id = Number.parseInt(basename(name), 10)
    if (id !== index + 1) throw new Error(`sql/${name} must be migration ${index + 1}: numbers have no gaps`)
    return { id, name, text, checksum: checksum(text) }
  })
}

function readWorkerMigrations(): Release['workerMigrations'] {
  const manifest = createRequire(import.meta.url).resolve('graphile-worker/package.json')
  const folder = join(dirname(manifest), 'sql')
  return readdirSync(folder)
    .filter((name) => /^\d{6}\.sql$/.test(name))
    .toSorted()
    .map((name) => {
      const source = readFileSync(join(folder, name), 'utf8')
      return {
        id: Number.parseInt(name, 10),
        name: `graphile-worker/${name}`,
        text: source.replaceAll(/:GRAPHILE_WORKER_SCHEMA\b/g, workerSchema),
        checksum: checksum(source),
        breaking: source.startsWith('--! breaking'),
      }
    })
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
