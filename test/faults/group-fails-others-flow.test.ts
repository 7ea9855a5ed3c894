import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { changeItems, delaysOf, flawless, insertItems, quantile, tallyOf } from '../support/items.ts'

test('thousands of messages behind a failing one delay no other group', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  let healthy = false
  const { table, receiver, show } = await stage.sink({
    respond: ({ messages }) => ({ status: messages[0]!.record!['id'] === 1 && !healthy ? 500 : 200 }),
  })
  await insertItems(sql, table, 1, 20)
  await receiver.waitFor(19)
  for (let round = 0; round < 100; round += 1) {
    await sql`do ${sql.unsafe(`$$ begin for i in 1..50 loop update ${table} set n = n + 1 where id = 1; end loop; end $$`)}`
    await changeItems(sql, table, [2 + (round % 19)])
  }
  await receiver.waitFor(119)
  const others = receiver.requests.filter(({ messages }) => messages[0]!.record!['id'] !== 1)
  expect(quantile(delaysOf(others), 0.99)).toBeLessThan(500)
  await eventually(async () =>
    expect(await show()).toMatchObject({ failing: 1, pending: 5000, blocked_groups: 1 }),
  )
  healthy = true
  expect(await tallyOf(sql, table, receiver, { timeoutMs: 40_000 })).toEqual({ made: 5120, ...flawless })
})
