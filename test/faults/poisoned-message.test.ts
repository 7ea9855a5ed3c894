import { beforeAll, expect, test } from 'vitest'
import { type Stage, setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { changeItems, flawless, insertItems, tallyOf } from '../support/items.ts'
import type { ReceivedMessage } from '../support/receiver.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})

const is = (id: number) => (message: ReceivedMessage) => message.record?.['id'] === id

test('a message that spoils its batch soon stands alone, and its neighbours get through', async () => {
  const { sql } = stage.database
  let poison: number | undefined = 7
  const { table, receiver, show, call } = await stage.sink({
    batch_size: 16,
    respond: ({ messages }) => ({ status: messages.some(is(poison ?? -1)) ? 500 : 200 }),
  })
  await insertItems(sql, table, 1, 16)
  await receiver.waitFor(15, { timeoutMs: 5000 })
  // the whole batch twice, then halves: 16, 16, 8, 8, 4, 4, 2, 2, 1, 1
  expect(receiver.requests.length).toBeLessThanOrEqual(12)
  await changeItems(sql, table)
  await receiver.waitFor(30)
  await eventually(async () =>
    expect(await show()).toMatchObject({ health: 'degraded', blocked_groups: 1, failing: 1, pending: 1 }),
  )
  poison = undefined
  await call('POST', '/messages/redeliver', { state: 'failing' })
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 32, ...flawless })
})

test('in a batch of one group, what stands before the poisoned message gets through, what stands behind waits', async () => {
  const { sql } = stage.database
  let poison: number | undefined = 5
  const { table, receiver, call } = await stage.sink({
    status: 'paused',
    batch_size: 10,
    respond: ({ messages }) => ({
      status: messages.some(({ record }) => record!['n'] === poison) ? 500 : 200,
    }),
  })
  await insertItems(sql, table, 1, 1)
  for (let n = 1; n < 10; n += 1) await changeItems(sql, table)
  await call('POST', '/resume')
  await receiver.waitFor(5)
  expect(receiver.messages.map(({ record }) => record!['n'])).toEqual([0, 1, 2, 3, 4])
  poison = undefined
  await call('POST', '/messages/redeliver', { state: 'failing' })
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 10, ...flawless })
})
