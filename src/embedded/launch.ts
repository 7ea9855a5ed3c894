// One run of the server program: from spawn until it accepts connections, and until it has exited.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseError } from '../errors.ts'
import type { Account } from './account.ts'
import { lastLine, serverEnvironment } from './initdb.ts'
import { readState } from './lockfile.ts'

/** What is launched. */
export interface Launch {
  program: string
  account: Account
  dataDir: string
  logFile: string
  settings: Record<string, string | number>
  port: number
}

/** One run of the server. */
export interface Run {
  pid: number
  port: number
  /** Sends the signal and resolves when the server has exited; at once when it already has. */
  end(signal: NodeJS.Signals): Promise<void>
}

const startTimeoutMs = 60_000
const attempts = 5

/** Launches on the given port, or on a free one; tries others while somebody is faster to take it. */
export async function launchOn(port: number | undefined, launch: Omit<Launch, 'port'>): Promise<Run> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launchServer({ ...launch, port: port ?? (await freePort()) })
    } catch (error) {
      const taken = error instanceof DatabaseError && error.message.includes('could not bind')
      if (port !== undefined || !taken || attempt === attempts) throw error
    }
  }
}

/** Starts the program and resolves once it accepts connections. */
export async function launchServer(launch: Launch): Promise<Run> {
  const deadline = Date.now() + startTimeoutMs
  for (;;) {
    const logged = statSync(launch.logFile, { throwIfNoEntry: false })?.size ?? 0
    const child = spawnServer(launch)
    if (child.pid === undefined) throw await spawnFailure(child)
    const watchdog = watch(child.pid, launch.account)
    if (await becomesReady(child, launch.dataDir, deadline)) return run(child, watchdog, launch.port)
    dismiss(watchdog)
    const words = readFileSync(launch.logFile).subarray(logged).toString('utf8')
    // After a SIGKILL the old server's last children may hold its memory for some milliseconds.
    if (!words.includes('shared memory block') || Date.now() > deadline) {
      throw new DatabaseError(`the embedded Postgres did not start: ${reason(words)}`, {
        hint: `see ${launch.logFile}`,
      })
    }
    await sleep(100)
  }
}

function spawnServer({ program, account, dataDir, logFile, settings, port }: Launch): ChildProcess {
  const flags = Object.entries({ ...settings, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const log = openSync(logFile, 'a')
  try {
    return spawn(program, ['-D', dataDir, ...flags], {
      ...account,
      cwd: '/',
      env: serverEnvironment,
      detached: true,
      stdio: ['ignore', log, log],
    })
  } finally {
    closeSync(log)
  }
}

async function spawnFailure(child: ChildProcess): Promise<DatabaseError> {
  const [cause] = (await once(child, 'error')) as [NodeJS.ErrnoException]
  const hint =
    cause.code === 'EPERM' || cause.code === 'EINVAL'
      ? 'Postgres refuses to run as root, and here root may not become another user: start as an ordinary user'
      : 'run npm ci, or set DATABASE_URL to a Postgres of yours'
  return new DatabaseError(`the embedded Postgres could not be executed: ${cause.message}`, { hint, cause })
}

/** Resolves to false when the server exits or the deadline passes before it is ready. */
async function becomesReady(child: ChildProcess, dataDir: string, deadline: number): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    const state = readState(dataDir)
    if (state?.pid === child.pid && state?.status === 'ready') return true
    if (Date.now() > deadline) {
      child.kill('SIGQUIT')
      await once(child, 'exit')
      return false
    }
    await sleep(10)
  }
  return false
}

function run(child: ChildProcess, watchdog: ChildProcess, port: number): Run {
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const hasExited = () => child.exitCode !== null || child.signalCode !== null
  // A program that forgot to stop its server ends nevertheless; the watchdog does the rest.
  child.unref()
  return {
    pid: child.pid ?? 0,
    port,
    end: async (signal) => {
      if (!hasExited()) {
        child.ref()
        child.kill(signal)
        await exited
      }
      dismiss(watchdog)
    },
  }
}

/** A shell that stops the server when the pipe from us closes without a word. */
function watch(pid: number, account: Account): ChildProcess {
  const script = 'read -r word || kill -INT "$1"'
  const watchdog = spawn('/bin/sh', ['-c', script, 'sh', String(pid)], {
    ...account,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  watchdog.stdin?.on('error', () => {}) // it may be gone already
  return watchdog
}

function dismiss(watchdog: ChildProcess): void {
  watchdog.stdin?.end('done\n')
}

const reason = (words: string) =>
  lastLine(
    words
      .split('\n')
      .filter((line) => /FATAL|could not/.test(line))
      .join('\n') || words,
  )

// Below 32768, where systems hand out ports for outgoing connections: a client that keeps trying to
// reconnect to a stopped server's port could otherwise be given that very port as its own.
async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  try {
    probe.listen(port, '127.0.0.1')
    await once(probe, 'listening')
    return true
  } catch {
    return false
  } finally {
    probe.close()
  }
}
