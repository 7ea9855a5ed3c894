// Where the data of an embedded server really lies: at the asked place when the server's account can
// get there, and otherwise below /var/tmp, with a symbolic link at the asked place.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  type Stats,
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseError } from '../errors.ts'
import { type Account, mayEnter } from './account.ts'

/**
 * Makes the data folder (mode 0700, owned by the account) where there is none.
 * @param asked an absolute path
 * @returns the folder itself, which is not below a link that the account cannot follow
 */
export function dataFolder(asked: string, account: Account): string {
  const parent = dirname(asked)
  mkdirSync(parent, { recursive: true })
  const found = lstatSync(asked, { throwIfNoEntry: false })
  if (found?.isSymbolicLink() === true) return ownFolder(readlinkSync(asked), account)
  if (mayEnter(account, parent)) return ownFolder(asked, account)
  const elsewhere = `/var/tmp/rowhook-${createHash('sha256').update(asked).digest('hex').slice(0, 16)}`
  // Nothing links to it, so somebody removed the link to be rid of the data.
  rmSync(elsewhere, { recursive: true, force: true })
  // mv rather than rename: /var/tmp may be another file system, and owners must stay.
  if (found !== undefined) spawnSync('mv', [asked, elsewhere])
  const folder = ownFolder(elsewhere, account)
  symlinkSync(folder, asked)
  return folder
}

function ownFolder(folder: string, account: Account): string {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined) mkdirSync(folder, { mode: 0o700 })
  else if (!isUsable(folder, found, account)) {
    throw new DatabaseError(`the data folder ${folder} belongs to another user`, {
      hint: 'start as that user, or remove the folder (its data with it)',
    })
  }
  chmodSync(folder, 0o700)
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid)
  return folder
}

/** The account's own folder, or an empty one that root may hand to it. */
function isUsable(folder: string, found: Stats, account: Account): boolean {
  if (!found.isDirectory()) return false
  const uid = process.getuid?.()
  if (uid === undefined || found.uid === (account.uid ?? uid)) return true
  return uid === 0 && readdirSync(folder).length === 0
}
