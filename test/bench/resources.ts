// What an idle dispatcher asks of the database, and how much memory a large transaction takes.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Figure } from './harness.ts'
import { whole } from './harness.ts'

/** Queries a second of a dispatcher that has nothing to do, without sinks and with a hundred. */
export async function idle(bench: Bench): Promise<Figure[]> {
  // the server's own vacuum has transactions too
  await bench.sql`alter system set autovacuum = off`
  await bench.sql`select pg_reload_conf()`
  const none = await idleWith(bench, 'idle dispatcher')
  const setup = await bench.rowhook(['--no-dispatch'])
  await setup.api('POST', '/api/endpoints', { name: 'idle', url: bench.receiver.url })
  for (let table = 0; table < 10; table++) {
    await bench.sql.unsafe(`create table idle_${table} (id int primary key)`)
    for (let i = 0; i < 10; i++) {
      const sink = { name: `idle-${table}-${i}`, endpoint: 'idle', tables: [{ name: `idle_${table}` }] }
      await setup.api('POST', '/api/sinks', sink)
    }
  }
  await setup.stop()
  return [none, await idleWith(bench, 'idle dispatcher, 100 sinks')]
}

async function idleWith(bench: Bench, name: string, seconds = 20): Promise<Figure> {
  const { sql } = bench
  const rowhook = await bench.rowhook(['--no-api'])
  // A session tells of its transactions when it has been idle for 10 s at the latest: those of the start
  // are not to be counted.
  await sleep(15_000)
  const count = async (): Promise<number> => {
    await sql`select pg_stat_force_next_flush()`.catch(() => {})
    await sleep(1500)
    const [row] = await sql`
      select (xact_commit + xact_rollback)::float8 as n from pg_stat_database where datname = current_database()`
    return row!['n'] as number
  }
  const before = await count()
  await sleep(seconds * 1000)
  // the three statements of the second count are ours
  const perSecond = ((await count()) - before - 3) / (seconds + 1.5)
  await rowhook.stop()
  return {
    name,
    value: `${perSecond.toFixed(2)} transactions/s`,
    against: '',
    ratio: null,
    target: '< 2 a second',
    ok: perSecond < 2,
  }
}

/** Peak memory of a dispatcher that delivers one transaction of so many rows. */
export async function largeTransaction(bench: Bench, rows = 1_000_000): Promise<Figure[]> {
  const { sql, receiver } = bench
  await sql`create table if not exists large (id int primary key, v text)`
  const rowhook = await bench.rowhook()
  await rowhook.api('POST', '/api/endpoints', { name: 'large', url: receiver.url })
  await rowhook.api('POST', '/api/sinks', {
    name: 'large',
    endpoint: 'large',
    batch_size: 1000,
    tables: [{ name: 'large' }],
  })
  await receiver.reset()
  let peak = 0
  const watch = setInterval(() => {
    const status = readFileSync(`/proc/${rowhook.pid}/status`, 'utf8')
    peak = Math.max(peak, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
  }, 100)
  await sql`insert into large select i, repeat('x', 20) from generate_series(1, ${rows}) i`
  const counted = await receiver.until(rows / 1000, 300_000)
  clearInterval(watch)
  await rowhook.stop()
  return [
    {
      name: `a transaction of ${whole(rows)} rows`,
      value: `${peak.toFixed(0)} MB peak, ${whole((rows / counted.ms) * 1000)} changes/s`,
      against: '',
      ratio: null,
      target: '< 200 MB',
      ok: peak < 200,
    },
  ]
}
