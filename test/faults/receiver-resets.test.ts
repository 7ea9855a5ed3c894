import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { flawless, insertItems, keepChanging, tallyOf } from '../support/items.ts'

test('connections that are reset before the answer cost a retry, and no order', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({
    batch_size: 3,
    respond: (_, index) => ({ reset: index % 4 === 1 && index < 100 }),
  })
  await insertItems(sql, table, 1, 10)
  const writer = keepChanging(sql, table, 10, 40)
  await receiver.waitForRequests(30)
  await writer.stop()
  expect(await tallyOf(sql, table, receiver, { timeoutMs: 30_000 })).toMatchObject(flawless)
})
