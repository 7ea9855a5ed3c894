import { expect, test } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import { createDatabase } from '../support/database.ts'
import { setStage } from '../support/delivery.ts'
import { delaysOf, flawless, insertItems, keepChanging, quantile, tallyOf } from '../support/items.ts'

test('write transactions that stay open, here and in another database, delay their own changes alone', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const elsewhere = await createDatabase({ template: false })
  await elsewhere.sql`create table other (id int)`
  const { table, receiver } = await stage.sink({})
  await insertItems(sql, table, 1, 30)
  await receiver.waitFor(30)

  const mine = connect(stage.database.url, { max: 1 })
  const theirs = connect(elsewhere.url, { max: 1 })
  await mine`begin`
  await insertItems(mine, table, 101, 120)
  await theirs`begin`
  await theirs`insert into other values (1)`
  const writer = keepChanging(sql, table, 30, 100)
  await receiver.waitFor(630)
  await mine`commit`
  const held = new Set(Array.from({ length: 20 }, (_, i) => 101 + i))
  await receiver.waitFor(receiver.messages.length + 100)
  await writer.stop()
  await theirs`commit`
  await Promise.all([mine.end(), theirs.end()])

  expect(await tallyOf(sql, table, receiver)).toMatchObject(flawless)
  const others = receiver.requests.filter(({ messages }) => !held.has(Number(messages[0]!.record!['id'])))
  expect(quantile(delaysOf(others.slice(30)), 0.9)).toBeLessThan(250)
})
