import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'

const rows = process.env['FULL'] === '1' ? 1_000_000 : 100_000

const peakMB = (pid: number) =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

test(`a transaction of ${rows} rows is delivered whole, in little memory, and delays no other sink`, async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ batch_size: 500 })
  const other = await stage.sink({})
  await insertItems(sql, table, 1, rows, 'x'.repeat(100))
  await insertItems(sql, other.table, 1, 20)
  await other.receiver.waitFor(20, { timeoutMs: 10_000 })
  await receiver.waitFor(rows, { timeoutMs: 240_000 })
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: rows, ...flawless })
  // run from source, which takes 30 MB more than what is shipped; a large transaction adds about 100
  if (process.platform === 'linux') expect(peakMB(stage.rowhook.pid)).toBeLessThan(320)
}, 600_000)
