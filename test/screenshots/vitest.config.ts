import { defineConfig } from 'vitest/config'

// `make screenshots`. Not among the tests: it writes docs/images, and says nothing about right or wrong.
export default defineConfig({
  test: {
    include: ['test/screenshots/*.shots.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
