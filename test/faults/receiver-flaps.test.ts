import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { flawless, insertItems, keepChanging, tallyOf } from '../support/items.ts'

test('a receiver that goes and comes again and again loses nothing and breaks no order', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ batch_size: 4 })
  await insertItems(sql, table, 1, 30)
  const writer = keepChanging(sql, table, 30, 100)
  for (let round = 0; round < 4; round += 1) {
    const seen = receiver.requests.length
    await receiver.waitForRequests(seen + 10)
    await receiver.close()
    await eventually(async () => {
      const rows = await sql`select from rowhook.stream where circuit_failures > 0`
      expect(rows).toHaveLength(1)
    })
    await receiver.listen()
  }
  await writer.stop()
  const tally = await tallyOf(sql, table, receiver, { timeoutMs: 30_000 })
  expect(tally).toMatchObject({ lost: 0, outOfOrder: 0 })
  expect(tally.duplicated).toBeLessThanOrEqual(flawless.duplicated)
})
