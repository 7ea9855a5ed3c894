import { expect, test } from 'vitest'
import { install } from '../../src/db/install.ts'
import { readRelease } from '../../src/db/release.ts'
import { createDatabase } from '../support/database.ts'
import { setStage } from '../support/delivery.ts'
import { insertItems, keepChanging, tallyOf } from '../support/items.ts'
import { ownServer } from '../support/server.ts'

test('a server that is stopped the hard way and started again loses nothing and breaks no order', async () => {
  // what was committed must survive the crash
  const server = await ownServer({ settings: { synchronous_commit: 'on', fsync: 'on' } })
  const database = await createDatabase({ serverUrl: server.url })
  await install(database.url, readRelease())
  const { sql } = database
  const stage = await setStage({ database })
  const { table, receiver } = await stage.sink({ batch_size: 3 })
  await insertItems(sql, table, 1, 30)
  const writer = keepChanging(sql, table, 30, 100)
  for (let round = 0; round < 3; round += 1) {
    await receiver.waitFor(receiver.messages.length + 150, { timeoutMs: 30_000 })
    await server.restart('immediate')
  }
  await receiver.waitFor(receiver.messages.length + 150, { timeoutMs: 30_000 })
  await writer.stop()
  const tally = await tallyOf(sql, table, receiver, { timeoutMs: 30_000 })
  expect(tally).toMatchObject({ lost: 0, outOfOrder: 0 })
  expect(tally.duplicated).toBeLessThan(200)
  await stage.rowhook.kill('SIGTERM')
})
