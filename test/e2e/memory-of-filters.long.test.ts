// Postgres's grammar is a WebAssembly module that V8 would like to optimize: src/cli/flags.ts.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openShop } from './shop.ts'

test.runIf(existsSync('/proc/self/status'))(
  'a process that has read hundreds of filters has never taken more memory than a small host has',
  async () => {
    const { rowhook } = await openShop()
    for (let i = 0; i < 600; i++) {
      const filter = `(total > ${i} and id in (1, 2, 3)) or status is distinct from old.status and status like 'a%'`
      const { body } = await rowhook.api('POST', '/api/filters/check', { table: 'orders', filter })
      expect(body.valid).toBe(true)
    }
    const status = readFileSync(`/proc/${rowhook.pid}/status`, 'utf8')
    const peakMb = Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024
    expect(peakMb).toBeLessThan(350)
  },
)
