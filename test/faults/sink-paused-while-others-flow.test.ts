import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { flawless, insertItems, keepChanging, tallyOf } from '../support/items.ts'

test('a sink that is paused for long sends nothing, keeps no row, and catches up when it is resumed', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const running = await stage.sink({ batch_size: 10 })
  const { table } = running
  const paused = await stage.sink({ table, batch_size: 100 })
  await insertItems(sql, table, 1, 50)
  await paused.receiver.waitFor(50)
  await paused.call('POST', '/pause')
  const writer = keepChanging(sql, table, 50, 200)
  await running.receiver.waitFor(800)
  await writer.stop()
  expect(paused.receiver.messages).toHaveLength(50)
  expect(await sql`select from rowhook.held`).toHaveLength(0)
  expect(await paused.show()).toMatchObject({ health: 'paused', status: 'paused' })
  await paused.call('POST', '/resume')
  expect(await tallyOf(sql, table, paused.receiver, { timeoutMs: 3000 })).toMatchObject(flawless)
  expect(await tallyOf(sql, table, running.receiver)).toMatchObject(flawless)
})
