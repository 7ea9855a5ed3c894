// Exit code 0 when node_modules holds what package-lock.json asks for, 1 when `npm ci` is due.
// npm's own record of what it installed is compared, not file times: `npm ci` deletes the folder
// first, so it must not run (under a running dispatcher, say) because of a fresh checkout's times.
// Runs on whichever Node the machine has, so it stays plain JavaScript.
import { existsSync, readFileSync } from 'node:fs'

const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages

function isInstalled() {
  const wanted = packagesOf('package-lock.json')
  const installed = packagesOf('node_modules/.package-lock.json')
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    if (entry.optional && installed[path] === undefined) return true // another platform's binaries
    return installed[path]?.version === entry.version
  })
}

const binaries = ['node', 'tsc', 'vitest'].map((name) => `node_modules/.bin/${name}`)
try {
  process.exitCode = binaries.every(existsSync) && isInstalled() ? 0 : 1
} catch {
  process.exitCode = 1
}
