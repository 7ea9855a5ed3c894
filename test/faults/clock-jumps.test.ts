import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { flawless, insertItems, keepChanging, tallyOf } from '../support/items.ts'

// A module that is loaded first: each SIGUSR2 sets the process's time of day to another one.
const jumping = `data:text/javascript,${encodeURIComponent(`
  const now = Date.now
  const offsets = [0, 3_600_000, -3_600_000, 86_400_000, -600_000]
  let at = 0
  process.on('SIGUSR2', () => (at = (at + 1) % offsets.length))
  Date.now = () => now() + offsets[at]
  globalThis.Date = new Proxy(Date, { construct: (D, a) => (a.length === 0 ? new D(D.now()) : new D(...a)) })`)}`

test('a dispatcher whose clock jumps ahead and back signs with the right time, and retries when it is due', async () => {
  const stage = await setStage({ env: { NODE_OPTIONS: `--import ${jumping}` } })
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({
    batch_size: 3,
    respond: (_, index) => ({ status: index % 8 === 5 ? 500 : 200 }),
  })
  await insertItems(sql, table, 1, 30)
  await receiver.waitFor(30)
  const writer = keepChanging(sql, table, 30, 50)
  for (let jump = 0; jump < 15; jump += 1) {
    await sleep(230) // out of step with the heartbeat, which comes once a second
    stage.rowhook.signal('SIGUSR2')
  }
  await writer.stop()
  expect(await tallyOf(sql, table, receiver, { timeoutMs: 30_000 })).toMatchObject(flawless)
  for (const { headers, at } of receiver.requests) {
    const sentS = Number(headers['webhook-timestamp'])
    expect(Math.abs(sentS - (performance.timeOrigin + at) / 1000)).toBeLessThan(60)
  }
  expect(await stage.rowhook.kill('SIGTERM')).toMatchObject({ code: 0 })
}, 60_000)
