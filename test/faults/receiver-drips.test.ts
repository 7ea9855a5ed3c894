import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'

test('an answer that comes byte by byte counts when it is whole in time, and fails when it is not', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver, call } = await stage.sink({
    request_timeout_ms: 500,
    respond: (_, index) => ({ body: 'x'.repeat(20), dripMs: index === 0 ? 100 : 1 }),
  })
  await insertItems(sql, table, 1, 1)
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 1, ...flawless })
  await eventually(async () => {
    const { data } = await call('GET', '/deliveries')
    expect(data.map((d: any) => [d.attempt, d.status, d.error])).toEqual([
      [2, 200, null],
      [1, 200, expect.stringMatching(/timed out after 500 ms/)],
    ])
  })
})
