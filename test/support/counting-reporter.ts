// Counts results for the last line of `make test`, and keeps what failed, for the lines above it. What cannot
// even be collected (a file that does not compile, an error outside of any test) counts as a failure, or a broken
// suite would look small.
import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** The environment variable that names the file for the counts. */
export const countsVariable = 'ROWHOOK_TEST_COUNTS'

/** How many tests ended how. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
  /** What failed, each with the first line of its error. */
  failures: string[]
}

export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const counts: Counts = { passed: 0, failed: 0, skipped: 0, failures: [] }
    const fail = (what: string, errors: readonly { message: string }[] | undefined): void => {
      counts.failed += 1
      counts.failures.push(`${what}: ${errors?.[0]?.message.split('\n', 1)[0] ?? 'no reason given'}`)
    }
    unhandledErrors.forEach((error) => fail('outside of any test', [error]))
    for (const module of modules) {
      const before = counts.failed
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result()
        if (state === 'failed') fail(`${module.relativeModuleId} > ${test.fullName}`, errors)
        else counts[state === 'pending' ? 'skipped' : state] += 1
      }
      if (module.state() === 'failed' && counts.failed === before)
        fail(module.relativeModuleId, module.errors())
    }
    const file = process.env[countsVariable]
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts))
  }
}
