// `npx install-sql`: arguments, output and exit code. What it does is in src/db.
import { parseArgs } from 'node:util'
import { connect } from '../db/connect.ts'
import { describeConnectionError, isConnectionError } from '../db/connection-error.ts'
import { installScript } from '../db/install-script.ts'
import { compare, install } from '../db/install.ts'
import { readRelease, version } from '../db/release.ts'
import { uninstall } from '../db/uninstall.ts'
import { parseDatabaseUrl } from '../db/url.ts'
import { ConfigError, RowhookError } from '../errors.ts'

const help = `Usage: install-sql [options]

Installs rowhook's SQL into a Postgres database, or upgrades it. Run it as often as you like.

  --database-url <url>  the database; default: the environment variable DATABASE_URL
  --print               write the SQL to stdout, for psql or a migration tool; needs no database
  --check               exit 1 if the database is behind this version, or newer; changes nothing
  --uninstall           remove every trigger and schema that rowhook made, and nothing else
  --version             the version of the SQL that this installs
  --help                this text
`

const options = {
  'database-url': { type: 'string' },
  print: { type: 'boolean' },
  check: { type: 'boolean' },
  uninstall: { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

// A reader that has seen enough (head, less) is no error, and no reason to leave an installation half way.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const print = (text: string) => process.stdout.write(text)
const printLine = (line: string) => print(`${line}\n`)

async function run(args: string[]): Promise<number> {
  const flags = readFlags(args)
  if (flags.help) print(help)
  else if (flags.version) printLine(version)
  else if (flags.print) print(installScript(readRelease()))
  else {
    const url = databaseUrl(flags['database-url'])
    try {
      if (flags.check) return await check(url)
      if (flags.uninstall) await remove(url)
      else await installInto(url)
    } catch (error) {
      if (!isConnectionError(error)) throw error
      throw new ConfigError(describeConnectionError(error, url), { cause: error })
    }
  }
  return 0
}

function readFlags(args: string[]) {
  let flags
  try {
    flags = parseArgs({ args, options, strict: true }).values
  } catch (error) {
    throw new ConfigError(`${(error as Error).message.split('. ')[0]}`, {
      hint: 'install-sql --help lists the options',
    })
  }
  const { print: toPrint, check: toCheck, uninstall: toUninstall } = flags
  if ([toPrint, toCheck, toUninstall].filter(Boolean).length > 1) {
    throw new ConfigError('--print, --check and --uninstall exclude each other', { hint: 'give one of them' })
  }
  return flags
}

function databaseUrl(flag: string | undefined): string {
  const url = flag ?? process.env.DATABASE_URL ?? ''
  if (flag?.trim() === '') {
    throw new ConfigError('--database-url is empty', {
      hint: 'give a Postgres URL such as postgres://user:password@host:5432/database with it',
    })
  }
  if (url.trim() === '') {
    throw new ConfigError('DATABASE_URL is not set', {
      hint: 'give a Postgres URL such as postgres://user:password@host:5432/database in it, or with --database-url',
    })
  }
  parseDatabaseUrl(url)
  return url
}

async function installInto(url: string): Promise<void> {
  let steps = 0
  await install(url, readRelease(), (line) => {
    steps += 1
    printLine(line)
  })
  printLine(steps === 0 ? `rowhook ${version} is installed already` : `rowhook ${version} is installed`)
}

async function check(url: string): Promise<number> {
  const sql = connect(url, { max: 1, prepare: false, fetch_types: false })
  try {
    const { state, reason } = await compare(sql, readRelease())
    if (state === 'current') {
      printLine(`rowhook ${version} is installed`)
      return 0
    }
    const next = {
      newer: 'use the newer rowhook',
      behind: 'run install-sql',
      absent: 'run install-sql, or correct DATABASE_URL',
    }
    throw new ConfigError(reason, { hint: next[state] })
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function remove(url: string): Promise<void> {
  const sql = connect(url, { max: 1, prepare: false, fetch_types: false })
  let steps = 0
  try {
    await uninstall(sql, (line) => {
      steps += 1
      printLine(line)
    })
  } finally {
    await sql.end({ timeout: 5 })
  }
  printLine(steps === 0 ? 'rowhook is not installed: nothing to remove' : 'rowhook is removed')
}

/** One line: what is wrong, then the next step, about the place where the URL was given. */
function lineOf(error: unknown, args: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error)
  const hint = error instanceof RowhookError ? error.hint : undefined
  const line = (hint === undefined ? message : `${message}; ${hint}`).replaceAll(/\s*\n\s*/g, ' ')
  const isFlag = args.some((arg) => arg === '--database-url' || arg.startsWith('--database-url='))
  return isFlag ? line.replaceAll('DATABASE_URL', '--database-url') : line
}

const given = process.argv.slice(2)
try {
  process.exitCode = await run(given)
} catch (error) {
  process.stderr.write(`install-sql: ${lineOf(error, given)}\n`)
  process.exitCode = 1
}
