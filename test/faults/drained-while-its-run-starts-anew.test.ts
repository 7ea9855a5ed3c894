import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'

test('a request that is under way when its sink is edited, and the dispatcher then stopped, is not repeated', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver, change } = await stage.sink({
    batch_size: 2,
    respond: (_, index) => (index === 0 ? { delayMs: 5000, fail: (m) => m.record!['id'] === 2 } : {}),
  })
  await insertItems(sql, table, 1, 2)
  await eventually(() => expect(receiver.open).toBe(1))
  await change({ concurrency: 3 })
  // the run that begins anew asks for the sink: behind this lock it comes no further
  const lock = await sql.reserve()
  await lock`begin`
  await lock`lock table rowhook.endpoint in access exclusive mode`
  const waits = () => sql`
    select from pg_stat_activity where wait_event_type = 'Lock' and query like '%load_sink%'`
  await eventually(async () => expect(await waits()).toHaveLength(1))
  const ended = stage.rowhook.kill('SIGTERM')
  const draining = () => sql`select from rowhook.dispatcher where draining`
  await eventually(async () => expect(await draining()).toHaveLength(1))
  await lock`commit`
  lock.release()
  await stage.another()
  expect(await ended).toMatchObject({ code: 0 })
  expect(await tallyOf(sql, table, receiver)).toMatchObject({ made: 2, ...flawless })
  // only what the answer named as failed came again
  expect(receiver.requests.map(({ messages }) => messages.length)).toEqual([2, 1])
})
