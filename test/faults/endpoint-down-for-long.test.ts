import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { changeItems, flawless, insertItems, tallyOf } from '../support/items.ts'

test('an endpoint that is down leaves few rows of state behind, and gets everything at full speed afterwards', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver, show, call } = await stage.sink({ batch_size: 10 })
  await insertItems(sql, table, 1, 200)
  await receiver.waitFor(200)
  receiver.respond({ status: 503 })
  const { length } = receiver.requests
  // what an hour at 100 changes a second is to the log, in moments: many changes, in many transactions
  for (let round = 0; round < 100; round += 1) await changeItems(sql, table)
  await eventually(async () => expect(await show()).toMatchObject({ health: 'failing' }))
  for (let round = 0; round < 50; round += 1) await changeItems(sql, table)
  const [state] = await sql`
    select (select count(*) from rowhook.batch) + (select count(*) from rowhook.held) as rows`
  expect(Number(state!['rows'])).toBeLessThan(300)
  // those that were under way when the circuit opened, and then probes
  expect(receiver.requests.length - length).toBeLessThan(60)
  expect(Number((await show()).pending)).toBeGreaterThan(25_000)

  receiver.respond({})
  // as if the time of the next probe had come
  await call('POST', '/messages/redeliver', { state: 'failing' })
  const began = performance.now()
  await receiver.waitFor(200 + 30_000, { timeoutMs: 60_000 })
  expect(performance.now() - began).toBeLessThan(40_000)
  expect(await tallyOf(sql, table, receiver)).toEqual({ made: 30_200, ...flawless })
})
