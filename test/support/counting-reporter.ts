// Counts results for the last line of `make test`. What cannot even be collected (a file that does
// not compile, an error outside of any test) counts as a failure, or a broken suite would look small.
import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** The environment variable that names the file for the counts. */
export const countsVariable = 'ROWHOOK_TEST_COUNTS'

/** How many tests ended how. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts: Counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      const before = counts.failed
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state === 'pending' ? 'skipped' : state] += 1
      }
      if (module.state() === 'failed' && counts.failed === before) counts.failed += 1
    }
    const file = process.env[countsVariable]
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts))
  }
}
