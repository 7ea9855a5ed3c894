// Which operating system account the embedded server runs as, and what that account can reach.
// Postgres refuses to run as root, so a root process hands it to an account without rights.
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

/** The account that child processes run as; empty when that is simply our own. */
export type Account = { uid: number; gid: number } | Record<string, never>

/**
 * Our own account, unless we are root: then the owner of an existing data folder (so that `sudo make
 * demo` goes on with what an ordinary user began), or else `nobody`.
 */
export function serverAccount(dataDir: string): Account {
  if (process.getuid?.() !== 0) return {}
  const owner = statSync(dataDir, { throwIfNoEntry: false })
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  return nobody()
}

function nobody(): Account {
  const line = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(-?\d+):(-?\d+):/m)
  // 65534 is the kernel's own overflow id, for images that carry no passwd entry.
  return { uid: Number(line?.[1] ?? 65534), gid: Number(line?.[2] ?? 65534) }
}

/** Whether the account may enter a folder. Tried rather than computed, so that ACLs count too. */
export function mayEnter(account: Account, folder: string): boolean {
  return succeeds(account, '/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder])
}

/** Whether the account can run a program. */
export function succeeds(account: Account, program: string, args: string[]): boolean {
  return spawnSync(program, args, { ...account, cwd: '/', stdio: 'ignore' }).status === 0
}
