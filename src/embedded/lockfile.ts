// postmaster.pid: the server's own lock file, which is also how it tells its state (pg_ctl reads it
// the same way). Reading it needs no connection and no password.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** What the lock file of a data folder says. */
export interface ServerState {
  pid: number
  /** `ready` once connections are accepted. */
  status: string
}

/** The state of the server of a data folder; undefined when there is no lock file. */
export function readState(dataDir: string): ServerState | undefined {
  try {
    const lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')
    return { pid: Number(lines[0]), status: (lines[7] ?? '').trim() }
  } catch {
    return undefined
  }
}

/**
 * The process id of a server that still runs on the data folder. A lock file that a crash left
 * behind is removed when its process id now belongs to something else: Postgres itself would take
 * that for a running server and refuse to start, which containers with their small ids meet often.
 */
export function runningServer(dataDir: string): number | undefined {
  const state = readState(dataDir)
  if (state === undefined || !isAlive(state.pid)) return undefined
  if (serves(state.pid, dataDir)) return state.pid
  rmSync(join(dataDir, 'postmaster.pid'), { force: true })
  return undefined
}

/** Whether a process exists, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function serves(pid: number, dataDir: string): boolean {
  if (!existsSync('/proc/self/cmdline')) return true // no way to look: believe the lock file
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataDir)
  } catch {
    return false
  }
}
