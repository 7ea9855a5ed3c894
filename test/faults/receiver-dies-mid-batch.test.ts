import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { changeItems, flawless, insertItems, tallyOf } from '../support/items.ts'

test('a receiver that dies with requests under way, and comes back, gets everything', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ batch_size: 5, respond: { delayMs: 30 } })
  await insertItems(sql, table, 1, 100)
  await changeItems(sql, table)
  await receiver.waitFor(20)
  await receiver.close()
  await changeItems(sql, table)
  await receiver.listen()
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 300, ...flawless })
})
