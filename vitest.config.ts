import { defineConfig } from 'vitest/config'

// A folder each, fastest first. What a folder holds is in docs/development.md.
const folders = ['unit', 'memory', 'sql', 'api', 'e2e', 'faults']

export default defineConfig({
  test: {
    // One embedded Postgres for the whole run; every test that wants one gets a database of its own.
    globalSetup: ['test/support/global-setup.ts'],
    projects: folders.map((name) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`, `test/${name}/**/*.test.tsx`],
        setupFiles: ['test/support/setup.ts'],
        // On a shared machine a process may be held up for seconds; a fault of ours fails every time.
        retry: process.env['CI'] === undefined ? 0 : 2,
        testTimeout: name === 'faults' ? 120_000 : 30_000,
        hookTimeout: 60_000,
      },
    })),
    reporters: ['default', './test/support/counting-reporter.ts'],
  },
})
