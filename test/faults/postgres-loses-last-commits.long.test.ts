import { expect, test } from 'vitest'
import { install } from '../../src/db/install.ts'
import { readRelease } from '../../src/db/release.ts'
import { createDatabase } from '../support/database.ts'
import { setStage } from '../support/delivery.ts'
import { insertItems, keepChanging, tallyOf } from '../support/items.ts'
import { ownServer } from '../support/server.ts'

test('a server that forgets its last commits, because its owner chose so, loses nothing that it still has', async () => {
  const server = await ownServer({
    settings: { synchronous_commit: 'off', fsync: 'on', wal_writer_delay: '500ms' },
  })
  const database = await createDatabase({ serverUrl: server.url })
  await install(database.url, readRelease())
  const { sql } = database
  const stage = await setStage({ database })
  const { table, receiver } = await stage.sink({ batch_size: 3 })
  await insertItems(sql, table, 1, 30)
  await sql`checkpoint`
  const writer = keepChanging(sql, table, 30, 100)
  for (let round = 0; round < 3; round += 1) {
    await receiver.waitFor(receiver.messages.length + 150, { timeoutMs: 30_000 })
    await server.restart('immediate')
  }
  await receiver.waitFor(receiver.messages.length + 150, { timeoutMs: 30_000 })
  await writer.stop()
  expect(await tallyOf(sql, table, receiver, { timeoutMs: 15_000 })).toMatchObject({ lost: 0 })
  await stage.rowhook.kill('SIGTERM')
})
