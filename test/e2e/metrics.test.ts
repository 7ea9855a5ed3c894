// GET /metrics: every metric is set by what happens, and docs/metrics.md and the dashboard name no other.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type Stage, type TestSink, setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems } from '../support/items.ts'

const docs = join(import.meta.dirname, '../../docs')
let stage: Stage
let good: TestSink
let bad: TestSink

beforeAll(async () => {
  stage = await setStage()
  good = await stage.sink()
  bad = await stage.sink({ respond: { status: 500 } })
  await insertItems(stage.database.sql, good.table, 1, 20)
  await insertItems(stage.database.sql, bad.table, 1, 20)
  await good.receiver.waitFor(20)
  await eventually(
    async () => {
      const { health } = await bad.show()
      if (health !== 'failing') throw new Error(`the circuit is not open yet: ${health}`)
    },
    { timeoutMs: 15_000 },
  )
})

/** Samples by name and labels. */
async function scrape(): Promise<Map<string, number>> {
  const { body } = await stage.rowhook.api('GET', '/metrics')
  return new Map(
    (body as string)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const cut = line.lastIndexOf(' ')
        return [line.slice(0, cut), Number(line.slice(cut + 1))]
      }),
  )
}

const of = (sink: TestSink) => `{sink="${sink.name}"}`

test('deliveries, failures, requests and latencies are counted', async () => {
  const samples = await scrape()
  expect(samples.get(`rowhook_messages_delivered_total${of(good)}`)).toBe(20)
  expect(samples.get(`rowhook_requests_total{sink="${good.name}",status="2xx"}`)).toBe(20)
  expect(samples.get(`rowhook_requests_total{sink="${bad.name}",status="5xx"}`)).toBeGreaterThanOrEqual(5)
  expect(samples.get(`rowhook_messages_failed_total${of(bad)}`)).toBeGreaterThanOrEqual(5)
  expect(samples.get(`rowhook_delivery_latency_seconds_count${of(good)}`)).toBe(20)
  expect(samples.get(`rowhook_request_duration_seconds_count${of(good)}`)).toBe(20)
  expect(samples.get('rowhook_ticks_total')).toBeGreaterThan(0)
  expect(samples.get('rowhook_database_round_trips_total{kind="beat"}')).toBeGreaterThan(0)
})

test('what waits, how old it is, and the circuit are read from the database', async () => {
  await eventually(
    async () => {
      const samples = await scrape()
      expect(samples.get('rowhook_database_up')).toBe(1)
      expect(samples.get(`rowhook_sink_circuit_open${of(bad)}`)).toBe(1)
      expect(samples.get(`rowhook_sink_circuit_open${of(good)}`)).toBe(0)
      expect(samples.get(`rowhook_sink_health{sink="${bad.name}",health="failing"}`)).toBe(1)
      expect(samples.get(`rowhook_sink_health{sink="${bad.name}",health="ok"}`)).toBe(0)
      expect(samples.get(`rowhook_sink_pending_messages${of(good)}`)).toBe(0)
      const undelivered =
        samples.get(`rowhook_sink_pending_messages${of(bad)}`)! +
        samples.get(`rowhook_sink_failing_messages${of(bad)}`)!
      expect(undelivered).toBe(20)
      expect(samples.get(`rowhook_sink_blocked_groups${of(bad)}`)).toBeGreaterThan(0)
      expect(samples.get('rowhook_messages_captured_total')).toBeGreaterThanOrEqual(40)
      expect(samples.get('rowhook_dispatchers')).toBe(1)
      const partitions = [...samples].filter(([name]) =>
        name.startsWith('rowhook_log_partition_bytes{log="event"'),
      )
      expect(partitions.some(([, bytes]) => bytes > 0)).toBe(true)
    },
    { timeoutMs: 15_000 },
  )
})

test('a sink that is deleted is shown no longer', async () => {
  const gone = await stage.sink()
  await eventually(
    async () => expect((await scrape()).has(`rowhook_sink_pending_messages${of(gone)}`)).toBe(true),
    {
      timeoutMs: 15_000,
    },
  )
  await gone.call('DELETE', '')
  await eventually(
    async () => expect((await scrape()).has(`rowhook_sink_pending_messages${of(gone)}`)).toBe(false),
    {
      timeoutMs: 15_000,
    },
  )
})

test('the documentation and the dashboard name the metrics that there are', async () => {
  const { body } = await stage.rowhook.api('GET', '/metrics')
  const exported = new Set([...(body as string).matchAll(/^# TYPE (rowhook_\w+)/gm)].map(([, name]) => name!))
  const named = (file: string) =>
    new Set(
      [...readFileSync(join(docs, file), 'utf8').matchAll(/\browhook_[a-z_]+/g)].map(([name]) =>
        name.replace(/_(bucket|sum|count)$/, ''),
      ),
    )
  expect([...exported].filter((name) => !named('metrics.md').has(name))).toEqual([])
  for (const file of ['metrics.md', 'grafana.json']) {
    expect([...named(file)].filter((name) => !exported.has(name))).toEqual([])
  }
})
