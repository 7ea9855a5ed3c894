import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { setStage } from '../support/delivery.ts'
import { changeItems, flawless, insertItems, tallyOf } from '../support/items.ts'

test('a request that is never answered fails at its timeout, delays its own group alone, and is made again', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver, call } = await stage.sink({
    request_timeout_ms: 3000,
    respond: ({ messages }, index) => ({ hang: index < 8 && messages[0]!.record!['id'] === 1 }),
  })
  await insertItems(sql, table, 1, 50)
  await changeItems(sql, table)
  await receiver.waitFor(98, { timeoutMs: 2900 })
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 100, ...flawless })
  const { data } = await call('GET', '/deliveries?outcome=failed')
  expect(data[0].error).toMatch(/timed out after 3000 ms/)
})

test('a sink whose requests hang is edited, and its messages asked for again, without waiting for those', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const held = Promise.withResolvers<void>()
  const { table, receiver, change, call, show } = await stage.sink({
    respond: async ({ messages }) => {
      if (messages[0]!.record!['id'] === 1) await held.promise
      return {}
    },
    request_timeout_ms: 300_000,
  })
  await insertItems(sql, table, 1, 1)
  await receiver.waitForRequests(1)
  await change({ batch_size: 5 })
  await insertItems(sql, table, 2, 2)
  await receiver.waitFor(1)
  const delivered = await eventually(async () => {
    const { data } = await call('GET', '/messages?state=delivered')
    expect(data).toHaveLength(1)
    return data[0]
  })
  await call('POST', `/messages/${delivered.event_id}/redeliver`)
  await receiver.waitFor(2)
  // a later change of the row in the request still waits for its end, and nothing is sent twice for it
  await changeItems(sql, table, [1])
  await insertItems(sql, table, 3, 3)
  await receiver.waitFor(3)
  expect(receiver.requests.map(({ messages }) => messages[0]!.record!['id'])).toEqual([1, 2, 2, 3])
  held.resolve()
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 4, lost: 0, duplicated: 1, outOfOrder: 0 })
  await eventually(async () => expect(await show()).toMatchObject({ pending: 0, failing: 0, health: 'ok' }))
})
