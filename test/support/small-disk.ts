// A file system so small that a test can fill it. Needs the right to mount one, which root on Linux has.
import { execFileSync } from 'node:child_process'
import { chownSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEnd } from './at-end.ts'

/** A mounted file system; unmounted with the test. */
export interface SmallDisk {
  /** A folder on it, owned by the account that was given. */
  folder: string
  /** Takes all the space that is left. */
  fill(): void
  /** Gives it back. */
  free(): void
}

/** Mounts one; undefined where that is not allowed. */
export function smallDisk(owner: { uid: number; gid: number }, megabytes: number): SmallDisk | undefined {
  const mount = mkdtempSync(join(tmpdir(), 'rowhook-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', mount], {
      stdio: 'ignore',
    })
  } catch {
    rmdirSync(mount)
    return undefined
  }
  atEnd(() => {
    // lazily: a server that is stopped next may have files open
    execFileSync('umount', ['-l', mount])
    rmdirSync(mount)
  })
  const folder = join(mount, 'data')
  mkdirSync(folder, { mode: 0o700 })
  chownSync(folder, owner.uid, owner.gid)
  const filler = join(mount, 'filler')
  return {
    folder,
    fill() {
      const file = openSync(filler, 'a')
      try {
        for (const bytes of [1 << 20, 1 << 12]) writeUntilFull(file, Buffer.alloc(bytes))
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(filler, { force: true }),
  }
}

function writeUntilFull(file: number, chunk: Buffer): void {
  for (;;) {
    try {
      if (writeSync(file, chunk) < chunk.length) return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      return
    }
  }
}
