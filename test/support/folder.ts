// Where the servers of tests keep their data: in memory where there is plenty. Every test makes and
// drops a database of some 350 files, which takes a disk's file system more than half of all the time.
import { mkdtempSync, readdirSync, realpathSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../../src/embedded/lockfile.ts'

const sharedMemory = '/dev/shm'
const gigabyte = 1024 ** 3

/** Makes a folder of this process' own, for one server's data; the caller removes it. */
export function serverFolder(): string {
  const parent = hasRoom() ? sharedMemory : realpathSync(tmpdir())
  removeOrphans(parent)
  return mkdtempSync(join(parent, `rowhook-test-${process.pid}-`))
}

/** A run takes about 1 GB at most. In a container, where both may be little, both are looked at. */
function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(sharedMemory)
    return bavail * bsize > 4 * gigabyte && process.availableMemory() > 6 * gigabyte
  } catch {
    return false // not Linux
  }
}

/** Removes what killed runs have left: in memory nothing else would, until the machine restarts. */
function removeOrphans(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^rowhook-test-(\d+)-/.exec(name)?.[1])
    const folder = join(parent, name)
    if (!Number.isInteger(pid) || isAlive(pid) || statSync(folder).uid !== process.getuid?.()) continue
    rmSync(folder, { recursive: true, force: true })
  }
}
