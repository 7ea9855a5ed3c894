import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { isLostTypesQuery } from './src/db/lost-types.ts'
import LongestFirst, { folders } from './test/support/sequencer.ts'

// Tests start some 200 processes of rowhook, and vitest one for each file: with their code compiled
// already, each takes half the time. Tests hand the variable on to what they start.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled')

// Files that take minutes together have names in .long.test.ts: `make test` leaves them to `make test-long`.
const which = process.env['ROWHOOK_TEST_LONG']

export default defineConfig({
  test: {
    // One embedded Postgres for the whole run; every test that wants one gets a database of its own.
    globalSetup: ['test/support/global-setup.ts'],
    // One more than cores, for most tests wait for something most of the time; with two more, tests that
    // count seconds become a matter of luck. Eight at most: each holds up to 25 of 200 connections.
    maxWorkers: Math.min(8, availableParallelism() + 1),
    sequence: { sequencer: LongestFirst },
    projects: folders.map((name) => ({
      test: {
        name,
        include: [`test/${name}/**/*${which === 'only' ? '.long' : ''}.test.{ts,tsx}`],
        exclude: which === 'without' ? [`test/${name}/**/*.long.test.ts`] : [],
        setupFiles: ['test/support/setup.ts'],
        // Files of a project share a process, one after the other: what they import is loaded once. None
        // leaves anything behind (at-end.ts).
        isolate: false,
        // On a shared machine a process may be held up for seconds; a fault of ours fails every time.
        retry: process.env['CI'] === undefined ? 0 : 2,
        // Tests end with what they wait for. This is for those that would not: long, as on a busy machine
        // everything takes ten times its time.
        testTimeout: 120_000,
        hookTimeout: 60_000,
      },
    })),
    // the tests' own connections may be cut at any moment, too
    onUnhandledError: (error) => !isLostTypesQuery(error),
    reporters: ['default', './test/support/counting-reporter.ts'],
  },
})
