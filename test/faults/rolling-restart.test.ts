import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { flawless, insertItems, keepChanging, tallyOf } from '../support/items.ts'

test('dispatchers that are replaced one after the other deliver without a gap, and repeat nothing', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ batch_size: 2, respond: { delayMs: 3 } })
  await insertItems(sql, table, 1, 30)
  const writer = keepChanging(sql, table, 30, 60)
  await receiver.waitFor(60)
  const from = receiver.requests.length
  let old = [stage.rowhook, await stage.another({ args: ['--no-api'] })]
  for (let round = 0; round < 3; round += 1) {
    const next = await stage.another({ args: ['--no-api'] })
    const [first, ...others] = old
    const { code } = await first!.kill('SIGTERM')
    expect(code).toBe(0)
    old = [...others, next]
    await receiver.waitFor(receiver.messages.length + 60)
  }
  await writer.stop()
  const times = receiver.requests.slice(from).map(({ at }) => at)
  const gap = Math.max(...times.slice(1).map((at, i) => at - times[i]!))
  expect(gap).toBeLessThan(1000)
  expect(await tallyOf(sql, table, receiver)).toMatchObject(flawless)
})
