import { pino } from 'pino'
import { expect, test } from 'vitest'
import { openJournal } from '../../src/deliver/journal.ts'
import { parseNetworks } from '../../src/deliver/networks.ts'
import { readProxySettings } from '../../src/deliver/proxy.ts'
import { createSender } from '../../src/deliver/send.ts'
import { pulse } from '../../src/log/events.ts'
import { createMetrics } from '../../src/metrics.ts'
import { createRunner } from '../../src/schedule/runner.ts'
import { giveStreamBack } from '../../src/schedule/worker.ts'
import { parseKeyRing } from '../../src/secret/ring.ts'
import { atEnd } from '../support/at-end.ts'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems } from '../support/items.ts'
import { encryptionKey } from '../support/rowhook-process.ts'

const id = '11111111-1111-4111-8111-111111111111'

test('a run that breaks off by a fault of ours keeps its stream for a while, then gives it back, and is begun anew', async () => {
  const stage = await setStage({ args: ['--no-dispatch'] })
  const { sql } = stage.database
  const { name, table, receiver } = await stage.sink()
  const other = await stage.sink({ table })
  await sql`insert into rowhook.dispatcher (id, host, pid, version) values (${id}, 'test', 1, 'test')`
  await insertItems(sql, table, 1, 3)
  const { tick, orphans } = await pulse(sql, null)
  const [broken] = await sql<{ id: string }[]>`
    select st.id::text from rowhook.stream st join rowhook.sink s on s.id = st.sink_id where s.name = ${name}`
  const streamId = broken!.id
  const sender = createSender({ allowNetworks: parseNetworks('127.0.0.0/8'), proxies: readProxySettings({}) })
  const journal = openJournal(sql, () => {})
  const faults: unknown[] = []
  const asked: { inMs: number | undefined; at: number }[] = []
  const runner = createRunner({
    sql,
    sender,
    journal,
    ring: parseKeyRing(encryptionKey),
    version: 'test',
    logger: pino({ level: 'error' }, { write: (line) => void faults.push(JSON.parse(line)) }),
    metrics: createMetrics(),
    dispatcherId: () => id,
    mayRun: () => true,
    clock: () => Date.now(),
    newestTick: () => tick,
    refreshSource: async () => {},
    requeue: async () => {},
    giveBack: async (stream, inMs) => {
      await giveStreamBack(sql, stream, inMs)
      if (stream.id === streamId) asked.push({ inMs, at: performance.now() })
    },
    drew: () => {},
    makeSource: async (stream, _, live) => ({
      announce: live.announce,
      get hasMore() {
        return live.hasMore
      },
      next: live.next,
      accepted() {
        if (stream.id === streamId && faults.length === 0) throw new Error('a fault of ours')
      },
    }),
  })
  atEnd(async () => {
    await runner.drain()
    await sender.close()
    await journal.close()
  })

  for (const stream of orphans) expect(await runner.start(stream)).toBe(true)
  await other.receiver.waitFor(3)
  const brokenAt = performance.now()
  expect(faults).toMatchObject([{ msg: expect.stringContaining('broke off') }])
  expect(await runner.start(streamId)).toBe(false)
  await eventually(() => expect(asked).toMatchObject([{ inMs: 0 }]))
  expect(asked[0]!.at - brokenAt).toBeGreaterThan(2000)
  expect(receiver.requests).toHaveLength(0)

  expect(await runner.start(streamId)).toBe(true)
  await receiver.waitFor(3)
  expect(receiver.messages.map(({ record }) => record!['id'])).toEqual([1, 2, 3])
})
