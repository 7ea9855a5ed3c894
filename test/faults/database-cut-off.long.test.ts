import { expect, test } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems, keepChanging, tallyOf } from '../support/items.ts'
import { proxy } from '../support/proxy.ts'

test('a dispatcher whose packets to the database vanish is replaced within 10 s, and comes back', async () => {
  const database = await createDatabase()
  const { sql } = database
  const wire = await proxy(database.url)
  const stage = await setStage({ database })
  const cut = await stage.another({ url: wire.url, args: ['--no-api'] })
  const { table, receiver } = await stage.sink({ batch_size: 2 })
  const owner = async () => {
    const [row] = await sql`select d.pid from rowhook.stream s join rowhook.dispatcher d on d.id = s.owner`
    return row?.['pid'] as number | undefined
  }
  const runsOn = (pid: number) =>
    eventually(async () => expect(await owner()).toBe(pid), { timeoutMs: 15_000 })
  await insertItems(sql, table, 1, 20)
  const writer = keepChanging(sql, table, 20, 100)
  await receiver.waitFor(50)
  if ((await owner()) !== cut.pid) {
    await stage.rowhook.kill('SIGTERM')
    await runsOn(cut.pid)
    stage.use(await stage.another())
  }

  wire.stall()
  const began = performance.now()
  await runsOn(stage.rowhook.pid)
  expect(performance.now() - began).toBeLessThan(10_000)
  await receiver.waitFor(receiver.messages.length + 100)
  wire.resume()
  await eventually(async () => expect(await sql`select from rowhook.dispatcher`).toHaveLength(2), {
    timeoutMs: 15_000,
  })
  await stage.rowhook.kill('SIGTERM')
  await runsOn(cut.pid)
  await receiver.waitFor(receiver.messages.length + 100)
  await writer.stop()
  const tally = await tallyOf(sql, table, receiver)
  expect(tally).toMatchObject({ lost: 0, outOfOrder: 0 })
  expect(tally.duplicated).toBeLessThan(200)
})

test('a dispatcher that is told to stop while the database is silent ends nevertheless', async () => {
  const database = await createDatabase()
  const { sql } = database
  const wire = await proxy(database.url)
  const stage = await setStage({ database, url: wire.url })
  const { table, receiver } = await stage.sink({})
  await insertItems(sql, table, 1, 20)
  await receiver.waitFor(20)
  wire.stall()
  const began = performance.now()
  await stage.rowhook.kill('SIGTERM')
  expect(performance.now() - began).toBeLessThan(28_000)
  wire.resume()
})

test('the only dispatcher goes on by itself when a silent database speaks again', async () => {
  const database = await createDatabase()
  const { sql } = database
  const wire = await proxy(database.url)
  const stage = await setStage({ database, url: wire.url })
  const { table, receiver } = await stage.sink({ batch_size: 2 })
  await insertItems(sql, table, 1, 20)
  const writer = keepChanging(sql, table, 20, 50)
  await receiver.waitFor(50)
  wire.stall()
  await stage.rowhook.waitForLog(({ msg }) => msg?.includes('away for too long') ?? false)
  wire.resume()
  const began = performance.now()
  await receiver.waitFor(receiver.messages.length + 100)
  expect(performance.now() - began).toBeLessThan(10_000)
  await writer.stop()
  expect(await tallyOf(sql, table, receiver)).toMatchObject({ lost: 0, outOfOrder: 0 })
})
