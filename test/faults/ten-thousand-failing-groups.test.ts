import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { delaysOf, insertItems, keepChanging, quantile, tallyOf } from '../support/items.ts'

const groups = process.env['FULL'] === '1' ? 10_000 : 2000

test(`${groups} groups that fail do not delay the others`, async () => {
  const stage = await setStage()
  const { sql } = stage.database
  let healthy = false
  const { table, receiver, show, call } = await stage.sink({
    batch_size: 10,
    respond: () => (healthy ? {} : { fail: ({ record }) => Number(record!['id']) > 100 }),
  })
  await insertItems(sql, table, 1, 100)
  await receiver.waitFor(100)
  // they fail one after the other, between messages that are well
  const writer = keepChanging(sql, table, 100, 20)
  for (let from = 101; from <= groups + 100; from += 200) {
    await insertItems(sql, table, from, from + 199)
    await receiver.waitFor(receiver.messages.length + 5)
  }
  const from = receiver.requests.length
  await receiver.waitFor(receiver.messages.length + 300)
  await writer.stop()
  const well = receiver.requests
    .slice(from)
    .filter(({ messages }) => Number(messages[0]!.record!['id']) <= 100)
  expect(quantile(delaysOf(well), 0.95)).toBeLessThan(1000)
  await eventually(async () =>
    expect(await show()).toMatchObject({ failing: groups, blocked_groups: groups }),
  )
  healthy = true
  await call('POST', '/messages/redeliver', { state: 'failing' })
  expect(await tallyOf(sql, table, receiver, { timeoutMs: 60_000 })).toMatchObject({ lost: 0, outOfOrder: 0 })
}, 300_000)
