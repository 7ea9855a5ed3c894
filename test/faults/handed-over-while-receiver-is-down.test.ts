import { expect, test } from 'vitest'
import { ask, setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems } from '../support/items.ts'
import { receiver as startReceiver } from '../support/receiver.ts'

test('a receiver that is down is not asked because its sink was handed over, and its successor at once', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  // a pace that no test outlives
  const { name, table, receiver, show, change } = await stage.sink({
    respond: { status: 503, headers: { 'retry-after': '3600' } },
  })
  await insertItems(sql, table, 1, 5)
  await eventually(async () => expect(await show()).toMatchObject({ health: 'failing' }))
  const circuit = async () => {
    const [row] = await sql`
      select owner is not null as runs, circuit_blind as blind, circuit_probes as probes from rowhook.stream`
    return row
  }

  const heir = await stage.another()
  await stage.rowhook.kill('SIGTERM')
  stage.use(heir)
  await insertItems(sql, table, 6, 6)
  await eventually(async () => expect(await circuit()).toEqual({ runs: true, blind: true, probes: 0 }))
  await change({ concurrency: 3 })

  const successor = await startReceiver()
  await ask(heir, 'PATCH', `/api/endpoints/${name}`, { url: successor.url })
  await successor.waitFor(1)
  expect(successor.requests[0]!.messages[0]!.record).toMatchObject({ id: 6 })
  expect(receiver.requests).toHaveLength(5)
  await eventually(async () => expect(await show()).toMatchObject({ health: 'degraded', failing: 5 }))
})
