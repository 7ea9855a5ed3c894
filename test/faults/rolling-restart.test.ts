import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { flawless, insertItems, keepChanging, quantile, tallyOf } from '../support/items.ts'

test('dispatchers that are replaced one after the other deliver without a gap, and repeat nothing', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({ batch_size: 2, respond: { delayMs: 3 } })
  await insertItems(sql, table, 1, 30)
  const writer = keepChanging(sql, table, 30, 60)
  await receiver.waitFor(60)
  const running = [stage.rowhook, await stage.another({ args: ['--no-api'] })]
  const gaps: number[] = []
  for (let round = 0; round < 5; round += 1) {
    running.push(await stage.another({ args: ['--no-api'] }))
    const [owner] = await sql`
      select d.pid from rowhook.stream s join rowhook.dispatcher d on d.id = s.owner`
    const at = running.findIndex(({ pid }) => pid === owner!['pid'])
    const [victim] = running.splice(at, 1)
    const from = receiver.requests.length - 1
    const { code } = await victim!.kill('SIGTERM')
    expect(code).toBe(0)
    await receiver.waitFor(receiver.messages.length + 60)
    const times = receiver.requests.slice(from).map((request) => request.at)
    gaps.push(Math.max(...times.slice(1).map((time, i) => time - times[i]!)))
  }
  await writer.stop()
  // A machine that is busy with something else stands still at times, whoever is stopped. A hand-over that waited
  // for anything but its own steps would show each time: beats, and looks at what lags behind, are seconds apart.
  expect(quantile(gaps, 0.5)).toBeLessThan(1000)
  expect(await tallyOf(sql, table, receiver)).toMatchObject(flawless)
})
