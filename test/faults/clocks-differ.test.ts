import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { flawless, insertItems, keepChanging, tallyOf } from '../support/items.ts'

// A module that is loaded first and shifts what the process takes for the time of day.
const shift = (ms: number) =>
  `data:text/javascript,${encodeURIComponent(`const now = Date.now; Date.now = () => now() + ${ms};
   globalThis.Date = new Proxy(Date, { construct: (D, a) => a.length === 0 ? new D(now() + ${ms}) : new D(...a) })`)}`

test('dispatchers an hour ahead and an hour behind work together, and sign with the right time', async () => {
  const stage = await setStage({ env: { NODE_OPTIONS: `--import ${shift(3_600_000)}` } })
  const { sql } = stage.database
  let failing = true
  const { table, receiver, call } = await stage.sink({
    respond: ({ messages }) => ({ status: failing && messages[0]!.record!['id'] === 1 ? 500 : 200 }),
  })
  await insertItems(sql, table, 1, 10)
  await receiver.waitFor(9)
  const behind = await stage.another({ env: { NODE_OPTIONS: `--import ${shift(-3_600_000)}` } })
  const writer = keepChanging(sql, table, 10, 50)
  await receiver.waitFor(100)
  await stage.rowhook.kill('SIGTERM')
  stage.use(behind)
  await receiver.waitFor(200)
  failing = false
  await call('POST', '/pause')
  await call('POST', '/resume')
  await writer.stop()
  expect(await tallyOf(sql, table, receiver)).toMatchObject(flawless)
  for (const { headers } of receiver.requests) {
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60)
  }
})
