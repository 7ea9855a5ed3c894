// `make test`: runs vitest with the arguments given, and ends with what failed, a line each, and one line,
// `N passed, N failed`, with `, N skipped` where there are any.
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Counts, countsVariable } from './counting-reporter.ts'

const folder = mkdtempSync(join(tmpdir(), 'rowhook-counts-'))
const file = join(folder, 'counts.json')
// A database of the user's must never be tested upon.
const { DATABASE_URL: _, ...environment } = process.env

const { status } = spawnSync('vitest', ['run', ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...environment, [countsVariable]: file },
})

const counts = readCounts()
// The server did not start, say: nothing ran, and that is no success.
if (status !== 0 && counts.failed === 0) counts.failed = 1
const { passed, failed, skipped, failures } = counts
rmSync(folder, { recursive: true })
const listed = failures.map((failure) => `failed: ${failure}\n`).join('')
// Several runs in a row (`make test-matrix`) list them once more at their end.
const { ROWHOOK_TEST_FAILURES } = process.env
if (ROWHOOK_TEST_FAILURES !== undefined) appendFileSync(ROWHOOK_TEST_FAILURES, listed)
process.stdout.write(listed)
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
process.exitCode = failed === 0 ? 0 : 1

function readCounts(): Counts {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Counts
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [] } // vitest itself did not get as far as to count
  }
}
