import { expect, test } from 'vitest'
import { setStage } from '../../support/delivery.ts'
import { eventually } from '../../support/eventually.ts'
import { insertItems, tallyOf } from '../../support/items.ts'

test('a failed batch of several is sent message by message once the sink sends bare messages', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const sink = await stage.sink({ batch_size: 8, respond: { status: 500 } })
  await insertItems(sql, sink.table, 1, 8)
  const [first] = await sink.receiver.waitForRequests(1)
  expect(first!.messages).toHaveLength(8)
  await eventually(async () => expect(await sink.show()).toMatchObject({ failing: 8 }))
  await sink.change({ batch: false, batch_size: 1 })
  const before = sink.receiver.requests.length
  sink.receiver.respond({})
  expect(await tallyOf(sql, sink.table, sink.receiver)).toMatchObject({ lost: 0, outOfOrder: 0 })
  await eventually(async () =>
    expect(await sink.show()).toMatchObject({ failing: 0, pending: 0, delivered: 8 }),
  )
  for (const { body, headers } of sink.receiver.requests.slice(before)) {
    expect(JSON.parse(body)).toHaveProperty('record')
    expect(headers['rowhook-attempt']).toBe('1')
  }
})

test('one whose first request hangs while the sink is edited, too', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  let at = 0
  const sink = await stage.sink({
    batch_size: 10,
    entry: { group_by: [] },
    request_timeout_ms: 3000,
    respond: () => ((at += 1) === 1 ? { hang: true } : {}),
  })
  await insertItems(sql, sink.table, 1, 10)
  await sink.receiver.waitForRequests(1)
  await sink.change({ batch: false, batch_size: 1, tables: [{ name: sink.table }] })
  expect(await tallyOf(sql, sink.table, sink.receiver)).toMatchObject({ lost: 0, outOfOrder: 0 })
})
