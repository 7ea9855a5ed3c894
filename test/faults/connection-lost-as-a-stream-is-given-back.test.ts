import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'

test('a stream whose lease could not be given back is run again as soon as there is something for it', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver } = await stage.sink()
  await insertItems(sql, table, 1, 1)
  await receiver.waitFor(1)
  const lock = await sql.reserve()
  await eventually(async () => {
    const [saved] = await sql`select from rowhook.stream where delivered = 1 and owner is not null`
    expect(saved).toBeDefined()
  })
  await lock`begin`
  await lock`select from rowhook.stream for update`
  // a run that has had nothing to do for a while ends
  await eventually(async () => {
    const waiting = await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where wait_event_type = 'Lock' and query like '%release_stream%'`
    expect(waiting).toHaveLength(1)
  })
  await lock`commit`
  lock.release()
  await insertItems(sql, table, 2, 2)
  expect(await tallyOf(sql, table, receiver, { timeoutMs: 10_000 })).toMatchObject({ made: 2, ...flawless })
})
