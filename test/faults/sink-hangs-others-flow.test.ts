import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { delaysOf, flawless, insertItems, keepChanging, quantile, tallyOf } from '../support/items.ts'

test('sinks that hang or fail take nothing from the others: no socket, no worker, no time', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const healthy = await stage.sink({})
  const { table } = healthy
  const broken = [
    await stage.sink({ table, respond: { hang: true }, concurrency: 50 }),
    await stage.sink({ table, respond: { hang: true }, concurrency: 50, batch_size: 10 }),
    await stage.sink({ table, respond: { hang: true }, request_timeout_ms: 500 }),
    await stage.sink({ table, respond: { status: 500 } }),
    await stage.sink({ table, respond: { reset: true }, max_retry_count: 0 }),
  ]
  await insertItems(sql, table, 1, 100)
  await healthy.receiver.waitFor(100)
  const warm = healthy.receiver.requests.length
  const writer = keepChanging(sql, table, 100, 50)
  await healthy.receiver.waitFor(500)
  await writer.stop()
  expect(await tallyOf(sql, table, healthy.receiver)).toMatchObject(flawless)
  expect(quantile(delaysOf(healthy.receiver.requests.slice(warm)), 0.95)).toBeLessThan(250)
  for (const { receiver } of broken) expect(receiver.requests.length).toBeGreaterThan(0)
})
