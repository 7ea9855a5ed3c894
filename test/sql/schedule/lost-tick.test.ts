// What the database tells a dispatcher whose newest tick was lost, as in a failover to a standby that was behind.
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { pulse } from '../../../src/log/events.ts'
import { createDatabase } from '../../support/database.ts'

async function lose() {
  const { sql } = await createDatabase()
  const before = await pulse(sql, null)
  const dispatcher = randomUUID()
  await sql`insert into rowhook.dispatcher (id, host, pid, version) values (${dispatcher}, 'test', 1, 'test')`
  const isAlive = async (known: number | null, asleep: boolean) =>
    (await sql`select alive from rowhook.beat(${dispatcher}, ${asleep}, ${known})`)[0]!['alive'] as boolean
  const alive = await isAlive(before.tick, false)
  await sql`delete from rowhook.tick`
  // another dispatcher's
  const after = await pulse(sql, null)
  return { sql, isAlive, before, alive, after }
}

test('its next look at the log tells', async () => {
  const { sql, before, after } = await lose()
  expect(before.news).toBe(0)
  expect(await pulse(sql, before.tick)).toMatchObject({ tick: after.tick, news: null })
  expect(await pulse(sql, after.tick)).toMatchObject({ tick: after.tick, news: 0 })
})

test.each([true, false])('its next beat tells, asleep: %s', async (asleep) => {
  const { isAlive, before, alive, after } = await lose()
  expect(alive).toBe(true)
  expect(await isAlive(before.tick, asleep)).toBe(false)
  expect(await isAlive(after.tick, asleep)).toBe(true)
  expect(await isAlive(null, asleep)).toBe(true)
})
