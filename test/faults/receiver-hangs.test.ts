import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { changeItems, flawless, insertItems, tallyOf } from '../support/items.ts'

test('a request that is never answered fails at its timeout, delays its own group alone, and is made again', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver, call } = await stage.sink({
    request_timeout_ms: 700,
    respond: ({ messages }, index) => ({ hang: index < 8 && messages[0]!.record!['id'] === 1 }),
  })
  await insertItems(sql, table, 1, 50)
  await changeItems(sql, table)
  await receiver.waitFor(98, { timeoutMs: 600 })
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 100, ...flawless })
  const { data } = await call('GET', '/deliveries?outcome=failed')
  expect(data[0].error).toMatch(/timed out after 700 ms/)
})
