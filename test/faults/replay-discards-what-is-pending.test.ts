import { expect, test } from 'vitest'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { flawless, insertItems, tallyOf } from '../support/items.ts'

test('what a replay discards is delivered live nevertheless, and stands among the discarded as well', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const { table, receiver, call, show } = await stage.sink({
    max_retry_count: 0,
    concurrency: 2,
    respond: ({ messages }) =>
      messages[0]?.metadata['replay_id'] === null ? { hang: true } : { status: 500 },
  })
  await insertItems(sql, table, 1, 3)
  await receiver.waitForRequests(1)
  await call('POST', '/replays', { since: new Date(Date.now() - 60_000).toISOString() })
  await eventually(async () => expect(await show()).toMatchObject({ discarded: 3 }), { timeoutMs: 10_000 })
  await stage.rowhook.kill('SIGKILL')
  receiver.respond({})
  stage.use(await stage.another())
  await eventually(async () => expect(await show()).toMatchObject({ pending: 0 }), { timeoutMs: 15_000 })
  expect(await tallyOf(sql, table, receiver)).toMatchObject({ made: 3, ...flawless })
  expect(await show()).toMatchObject({ discarded: 3 })
})
