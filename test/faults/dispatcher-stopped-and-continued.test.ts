import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems, keepChanging, tallyOf } from '../support/items.ts'

test('a dispatcher that wakes from a stop longer than its lease does no harm, and works again', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ batch_size: 3, respond: { delayMs: 5 } })
  await insertItems(sql, table, 1, 20)
  const writer = keepChanging(sql, table, 20, 100)
  await receiver.waitFor(200)
  const other = await stage.another({ args: ['--no-api'] })
  const owner = async () => {
    const [row] = await sql`select d.pid from rowhook.stream s join rowhook.dispatcher d on d.id = s.owner`
    return row?.['pid'] as number | undefined
  }
  expect(await owner()).toBe(stage.rowhook.pid)

  stage.rowhook.signal('SIGSTOP')
  const began = performance.now()
  await eventually(async () => expect(await owner()).toBe(other.pid), { timeoutMs: 12_000 })
  expect(performance.now() - began).toBeLessThan(10_000)
  await receiver.waitFor(receiver.messages.length + 200)
  stage.rowhook.signal('SIGCONT')
  await stage.rowhook.waitForLog(({ msg }) => msg?.includes('took this one for dead') ?? false)
  await receiver.waitFor(receiver.messages.length + 200)
  expect(await owner()).toBe(other.pid)

  // it is of use again
  await other.kill('SIGTERM')
  await receiver.waitFor(receiver.messages.length + 200)
  expect(await owner()).toBe(stage.rowhook.pid)
  await writer.stop()
  const tally = await tallyOf(sql, table, receiver)
  expect(tally).toMatchObject({ lost: 0, outOfOrder: 0 })
  expect(tally.duplicated).toBeLessThan(200)
})
