import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'

test('a change that is made while the run of its sink starts is sent as soon as it runs', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink({})
  // a run that starts asks for its sink: behind this lock it comes no further
  const lock = await sql.reserve()
  await lock`begin`
  await lock`lock table rowhook.endpoint in access exclusive mode`
  await insertItems(sql, table, 1, 1)
  await eventually(async () => {
    const [waiting] = await sql`
      select from pg_stat_activity
      where wait_event_type = 'Lock' and query like '%load_sink%'`
    expect(waiting).toBeDefined()
  })
  const ticks = async () => (await sql<{ id: string }[]>`select max(id) as id from rowhook.tick`)[0]!.id
  const before = await ticks()
  await insertItems(sql, table, 2, 2)
  await eventually(async () => expect(await ticks()).not.toBe(before))
  await lock`commit`
  lock.release()
  expect(await tallyOf(sql, table, receiver, { timeoutMs: 5000 })).toMatchObject({ made: 2, ...flawless })
})
