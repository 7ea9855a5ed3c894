// From commit to arrival at a steady pace, against a bare LISTEN/NOTIFY round trip on the same server.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Figure } from './harness.ts'
import { percentile } from './harness.ts'

/** Measures latency at each pace (commits a second), single-row transactions. */
export async function latency(bench: Bench, paces: readonly number[] = [10, 100, 1000]): Promise<Figure[]> {
  const { sql, receiver } = bench
  await sql`create table if not exists paced (id bigint generated always as identity primary key, sent_at double precision)`
  await sql`create table if not exists floor (id bigint generated always as identity primary key, sent_at double precision)`
  const rowhook = await bench.rowhook()
  await rowhook.api('POST', '/api/endpoints', { name: 'paced', url: receiver.url })
  await rowhook.api('POST', '/api/sinks', { name: 'paced', endpoint: 'paced', tables: [{ name: 'paced' }] })
  const floor = await notifyRoundTrip(bench)
  const figures: Figure[] = []
  for (const pace of paces) {
    const count = Math.min(pace * 8, 4000)
    await receiver.reset(true)
    await paced(pace, count, async () => {
      await sql`insert into paced (sent_at) values (${Date.now()})`
    })
    const { latencies } = await receiver.until(count)
    const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
    figures.push({
      name: `latency at ${pace} commits/s`,
      value: `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
      against: `LISTEN/NOTIFY p50 ${floor.toFixed(1)} ms`,
      ratio: null,
      ...(pace === 100 ? { target: 'p50 ≤ 10 ms, p99 ≤ 50 ms', ok: p50 <= 10 && p99 <= 50 } : {}),
    })
  }
  await rowhook.stop()
  return figures
}

/** Starts `work` at a steady pace, whether or not the last one is done. */
export async function paced(perSecond: number, count: number, work: () => Promise<void>): Promise<void> {
  const begin = performance.now()
  const running: Promise<void>[] = []
  for (let i = 0; i < count; i++) {
    const wait = begin + (i * 1000) / perSecond - performance.now()
    if (wait > 1) await sleep(wait)
    running.push(work())
  }
  await Promise.all(running)
}

async function notifyRoundTrip({ sql }: Bench): Promise<number> {
  const times: number[] = []
  let arrived: (() => void) | undefined
  const listener = await sql.listen('bench_floor', () => arrived?.())
  for (let i = 0; i < 200; i++) {
    const begin = performance.now()
    const arrival = new Promise<void>((resolve) => (arrived = resolve))
    await sql`insert into floor (sent_at) values (0) returning pg_notify('bench_floor', '')`
    await arrival
    times.push(performance.now() - begin)
  }
  await listener.unlisten()
  return percentile(times, 0.5)
}
