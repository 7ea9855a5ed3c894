import { beforeAll, expect, test } from 'vitest'
import { type Stage, setStage } from '../support/delivery.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'
import { receiver as startReceiver } from '../support/receiver.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})

test('every status but 2xx is a failure and costs a retry', async () => {
  const { sql } = stage.database
  const statuses = [300, 304, 400, 401, 404, 409, 413, 422, 429, 500, 502, 503, 504, 599]
  // every other one is well, and one is sent at a time, or the circuit would open
  const { table, receiver, call } = await stage.sink({
    concurrency: 1,
    respond: ({ messages, headers }) => {
      const id = Number(messages[0]!.record!['id'])
      return { status: headers['rowhook-attempt'] === '1' && id % 2 === 0 ? statuses[id / 2] : 201 }
    },
  })
  await insertItems(sql, table, 0, 2 * statuses.length - 1)
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 2 * statuses.length, ...flawless })
  expect(receiver.requests).toHaveLength(3 * statuses.length)
  const { data } = await call('GET', '/deliveries?outcome=failed')
  expect(new Set(data.map((d: any) => d.status))).toEqual(new Set(statuses))
})

test('a redirect is not followed', async () => {
  const { sql } = stage.database
  const elsewhere = await startReceiver()
  const { table, receiver } = await stage.sink({
    respond: (_, index) => (index === 0 ? { status: 307, headers: { location: elsewhere.url } } : {}),
  })
  await insertItems(sql, table, 1, 1)
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 1, ...flawless })
  expect(elsewhere.requests).toEqual([])
})

test('interim answers (102, 103) are passed over', async () => {
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ respond: { interim: true } })
  await insertItems(sql, table, 1, 3)
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 3, ...flawless })
  expect(receiver.requests).toHaveLength(3)
})
