import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'

const residentMB = (pid: number) =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

test.runIf(process.platform === 'linux')(
  'of an answer of 50 MB no more than 64 kB are read, and it is a success',
  async () => {
    const stage = await setStage()
    const { sql } = stage.database
    const { table, receiver, call } = await stage.sink({ respond: { bodyBytes: 50_000_000 } })
    const before = residentMB(stage.rowhook.pid)
    await insertItems(sql, table, 1, 20)
    await receiver.waitForRequests(20)
    const { data } = await call('GET', '/deliveries?outcome=failed')
    expect(data).toEqual([])
    expect(await tallyOf(sql, table, receiver)).toEqual({ made: 20, ...flawless })
    expect(receiver.requests).toHaveLength(20)
    expect(residentMB(stage.rowhook.pid) - before).toBeLessThan(60)
  },
)
