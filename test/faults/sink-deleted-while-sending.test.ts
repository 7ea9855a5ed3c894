import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { flawless, insertItems, keepChanging, tallyOf } from '../support/items.ts'

test('a sink that is deleted with requests under way is gone, and the others go on', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const kept = await stage.sink({})
  const { table } = kept
  const slow = await stage.sink({ table, respond: { delayMs: 400 }, concurrency: 4 })
  const failing = await stage.sink({ table, respond: { status: 500 } })
  await insertItems(sql, table, 1, 100)
  const writer = keepChanging(sql, table, 100, 50)
  await slow.receiver.waitForRequests(4)
  await failing.receiver.waitForRequests(4)
  await slow.call('DELETE', '')
  await failing.call('DELETE', '')
  // requests that were under way end; nothing new begins
  await eventually(() => expect(slow.receiver.open).toBe(0))
  const counts = [slow.receiver.requests.length, failing.receiver.requests.length]
  await kept.receiver.waitFor(kept.receiver.messages.length + 200)
  await writer.stop()
  expect([slow.receiver.requests.length, failing.receiver.requests.length]).toEqual(counts)
  expect(await tallyOf(sql, table, kept.receiver)).toMatchObject(flawless)
  expect(stage.rowhook.logs.filter(({ msg }) => /taken over/.test(msg ?? ''))).toEqual([])
  for (const left of ['stream', 'batch', 'held', 'discarded', 'sink_table']) {
    expect([left, (await sql`select from ${sql(`rowhook.${left}`)}`).length]).toEqual([
      left,
      ['stream', 'sink_table'].includes(left) ? 1 : 0,
    ])
  }
})
