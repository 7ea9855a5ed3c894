import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { insertItems, keepChanging, tallyOf } from '../support/items.ts'

const kills = process.env['FULL'] === '1' ? 100 : 10

test(`${kills} kills of dispatchers at random moments lose nothing and break no order`, async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const first = await stage.sink({
    batch_size: 5,
    // some fail, so that batches are frozen, split and held when the kill comes
    respond: (_, index) => ({ status: index % 17 === 3 ? 500 : 200, delayMs: index % 5 }),
  })
  const { table } = first
  const sinks = [
    first,
    await stage.sink({ table, respond: (_, index) => ({ delayMs: index % 7 === 0 ? 200 : 1 }) }),
    await stage.sink({ table, batch_size: 20, respond: (_, index) => ({ reset: index % 11 === 5 }) }),
    await stage.sink({
      table,
      batch_size: 3,
      concurrency: 2,
      respond: (_, index) => ({ fail: ({ record }) => (Number(record!['n']) * 7 + index) % 31 === 0 }),
    }),
  ]
  await insertItems(sql, table, 1, 40)
  const start = () => stage.another({ args: ['--no-api'] })
  const processes = [stage.rowhook, await start()]
  const writer = keepChanging(sql, table, 40, 40)
  for (let kill = 0; kill < kills; kill += 1) {
    const [victim] = processes.splice(Math.floor(Math.random() * processes.length), 1)
    await sleep(Math.random() * 500)
    await victim!.kill('SIGKILL')
    processes.push(await start())
  }
  await writer.stop()
  for (const { receiver, name } of sinks) {
    const tally = await tallyOf(sql, table, receiver, { timeoutMs: 60_000 })
    expect({ name, ...tally }).toMatchObject({ name, lost: 0, outOfOrder: 0 })
    // what was under way, or done a moment before, comes again
    expect(tally.duplicated / kills).toBeLessThan(200)
  }
}, 2_400_000)

test('what a killed dispatcher had not sent is taken over within 10 seconds', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({})
  const other = await stage.another({ args: ['--no-api'] })
  await insertItems(sql, table, 1, 1)
  await receiver.waitFor(1)
  const [owner] = await sql`
    select d.pid from rowhook.stream s join rowhook.dispatcher d on d.id = s.owner`
  const victim = [stage.rowhook, other].find(({ pid }) => pid === owner!['pid'])!
  await victim.kill('SIGKILL')
  const began = performance.now()
  await insertItems(sql, table, 2, 2)
  await receiver.waitFor(2, { timeoutMs: 12_000 })
  expect(performance.now() - began).toBeLessThan(10_000)
  // the first may come again, if the kill was faster than its position
  expect(await tallyOf(sql, table, receiver)).toMatchObject({ lost: 0, outOfOrder: 0 })
})
