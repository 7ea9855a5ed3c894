// In which order files run. Fault and end-to-end tests mostly wait for timers and processes, so they go
// first and the short files fill in around and behind them: no worker is left alone with a long one.
import type { TestSpecification } from 'vitest/node'
import { BaseSequencer } from 'vitest/node'

/** The test folders, those with the longest files first. What each holds is in docs/development.md. */
export const folders = ['faults', 'e2e', 'sql', 'api', 'unit', 'memory'] as const

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project }: TestSpecification) => folders.indexOf(project.name as (typeof folders)[number])
    // Sorts stably: within a folder vitest's own order stays, which is by the times of the last run.
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}
