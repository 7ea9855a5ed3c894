import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { insertItems, keepChanging, tallyOf } from '../support/items.ts'

test('connections that the server ends are made anew, and nothing is repeated or lost', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ batch_size: 3 })
  await insertItems(sql, table, 1, 30)
  const writer = keepChanging(sql, table, 30, 100)
  const [mine] = await sql`select pg_backend_pid() as pid`
  for (let round = 0; round < 6; round += 1) {
    await receiver.waitFor(receiver.messages.length + 60)
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> ${mine!['pid']} and pid <> pg_backend_pid()`.catch(
      () => {},
    )
  }
  await receiver.waitFor(receiver.messages.length + 60)
  await writer.stop()
  const tally = await tallyOf(sql, table, receiver)
  expect(tally).toMatchObject({ lost: 0, outOfOrder: 0, duplicated: 0 })
  await stage.rowhook.kill('SIGTERM')
})
