// What broken receivers cost: the healthy sinks beside them in time, and the database in rows of state.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, BenchReceiver, Figure } from './harness.ts'
import { percentile, whole } from './harness.ts'
import { paced } from './latency.ts'

/** A receiver that answers 503, or never, below /hang. */
async function brokenReceiver(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    request.resume()
    if (request.url === '/hang') return
    response.writeHead(503).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/**
 * Latency of the healthy among 50 sinks of one table, of which 10 hang and 10 fail: when each change is for one of
 * them, and when every sink wants every change.
 */
export async function brokenSinks(bench: Bench, perSecond = 200, seconds = 15): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const wanted of ['one', 'all'] as const) figures.push(await beside(bench, wanted, perSecond, seconds))
  return figures
}

async function beside(
  bench: Bench,
  wanted: 'one' | 'all',
  perSecond: number,
  seconds: number,
): Promise<Figure> {
  const { sql, receiver } = bench
  const broken = await brokenReceiver()
  const table = `crowd_${wanted}`
  const healthy = wanted === 'one' ? 30 / 50 : 30
  await sql`create table ${sql(table)} (id bigint generated always as identity primary key, sent_at double precision)`
  const rowhook = await bench.rowhook()
  const endpoints = { healthy: receiver.url, hanging: `${broken.url}/hang`, failing: broken.url }
  for (const [name, url] of Object.entries(endpoints))
    await rowhook.api('POST', '/api/endpoints', { name: `${table}-${name}`, url })
  for (let i = 0; i < 50; i += 1) {
    const endpoint = `${table}-${i < 10 ? 'hanging' : i < 20 ? 'failing' : 'healthy'}`
    const tables = [{ name: table, ...(wanted === 'one' ? { filter: `id % 50 = ${i}` } : {}) }]
    await rowhook.api('POST', '/api/sinks', { name: `${table}-${i}`, endpoint, tables })
  }
  const change = async (): Promise<void> => {
    await sql`insert into ${sql(table)} (sent_at) values (${Date.now()})`
  }
  // The broken ones show themselves, and the process is warm; what it could not keep up with then is over.
  await receiver.reset()
  await paced(perSecond, perSecond * 5, change)
  await receiver.until(perSecond * 5 * healthy)
  await receiver.reset(true)
  await paced(perSecond, perSecond * seconds, change)
  const { latencies } = await receiver.until(perSecond * seconds * healthy)
  for (let i = 0; i < 50; i += 1) await rowhook.api('DELETE', `/api/sinks/${table}-${i}`)
  await rowhook.stop()
  broken.close()
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
  return {
    name: `30 healthy sinks beside 10 that hang, 10 that fail, ${perSecond} changes/s for ${wanted}`,
    value: `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
    against: `${whole(perSecond * healthy)} requests/s`,
    ratio: null,
    target: 'p99 < 100 ms',
    ok: p99 < 100,
  }
}

/** Rows that an hour's changes leave while the endpoint is down, and how fast they go out afterwards. */
export async function outage(bench: Bench, perSecond = 100, seconds = 3600): Promise<Figure[]> {
  const { sql, receiver } = bench
  const broken = await brokenReceiver()
  await sql`create table outage (id bigint generated always as identity primary key, v text)`
  const rowhook = await bench.rowhook()
  await rowhook.api('POST', '/api/endpoints', { name: 'outage', url: receiver.url })
  const sink = { name: 'outage', endpoint: 'outage', tables: [{ name: 'outage' }], batch_size: 10 }
  await rowhook.api('POST', '/api/sinks', sink)
  const anHour = async (): Promise<void> => {
    // time is compressed: a transaction for each second
    for (let second = 0; second < seconds; second += 1)
      await sql`insert into outage (v) select repeat('x', 40) from generate_series(1, ${perSecond}::int)`
  }
  const total = perSecond * seconds

  await rowhook.api('POST', '/api/sinks/outage/pause')
  await anHour()
  await receiver.reset()
  await rowhook.api('POST', '/api/sinks/outage/resume')
  const paused = await drained(receiver, total)

  await rowhook.api('PATCH', '/api/endpoints/outage', { url: broken.url })
  await sleep(3000)
  await anHour()
  const [state] = await sql`
    select ((select count(*) from rowhook.batch) + (select count(*) from rowhook.held))::float8 as rows`
  const rows = state!['rows'] as number
  await receiver.reset()
  await rowhook.api('PATCH', '/api/endpoints/outage', { url: receiver.url })
  // as if the time of the next probe had come
  await rowhook.api('POST', '/api/sinks/outage/messages/redeliver', { state: 'failing' })
  const down = await drained(receiver, total)
  await rowhook.stop()
  broken.close()
  const ratio = down / paused
  return [
    {
      name: `${whole(total)} changes for an endpoint that is down`,
      value: `${whole(rows)} rows of delivery state`,
      against: '',
      ratio: null,
      target: '< 1,000 rows',
      ok: rows < 1000,
    },
    {
      name: 'drain after that',
      value: `${whole(down)} changes/s`,
      against: `a sink that was paused ${whole(paused)} changes/s`,
      ratio,
      target: '≥ 0.8 of it',
      ok: ratio >= 0.8,
    },
  ]
}

/** Changes a second until all have arrived, in batches of 10 about: the last few may be smaller. */
async function drained(receiver: BenchReceiver, changes: number): Promise<number> {
  const { ms } = await receiver.until(changes / 10)
  return (changes / ms) * 1000
}
