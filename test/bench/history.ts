// Backfills and replays against the same rows as live changes, in turns; what a backfill does to the latency of
// live changes.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Figure } from './harness.ts'
import { percentile, whole } from './harness.ts'
import { paced } from './latency.ts'
import { median, ratioOf, takeTurns } from './paired.ts'
import { openStage, type Stage } from './sinks.ts'

const batchSize = 100

/** Drains, backfills and replays the same rows. */
export async function history(bench: Bench, rows: number, rounds: number): Promise<Figure[]> {
  const { sql } = bench
  await sql`create table history (id int primary key, customer int, note text, at timestamptz default now())`
  const stage = await openStage(bench)
  await stage.sink('history', ['history'], batchSize)
  const requests = Math.ceil(rows / batchSize)
  let since = ''
  const ways = {
    drain: async () => {
      since = new Date().toISOString()
      await sql`truncate history`
      return stage.drained(async () => insertRows(bench, rows), rows, requests)
    },
    backfill: async () =>
      stage.drained(
        async () =>
          stage.rowhook.api('POST', '/api/sinks/history/backfills', { tables: [{ name: 'history' }] }),
        rows,
        requests,
      ),
    replay: async () =>
      stage.drained(
        async () => stage.rowhook.api('POST', '/api/sinks/history/replays', { since }),
        rows,
        requests,
      ),
  }
  // a process that was just started is slow for a moment
  await ways.drain()
  const names = ['drain', 'backfill', 'replay'] as const
  // always in this order: the two others send what the drain has left
  const taken = { drain: [] as number[], backfill: [] as number[], replay: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      taken[name].push(await ways[name]())
      await completed(stage)
    }
  }
  const figures = (
    [
      ['backfill', 0.5],
      ['replay', 0.8],
    ] as const
  ).map(([name, target]): Figure => {
    const ratio = ratioOf(taken[name], taken.drain)
    return {
      name: `${name} of ${whole(rows)} rows, batches of ${batchSize}`,
      value: `${whole(median(taken[name]))} messages/s`,
      against: `drain of the same rows as changes ${whole(median(taken.drain))}/s`,
      ratio,
      target: `≥ ${target}`,
      ok: ratio >= target,
    }
  })
  await stage.rowhook.stop()
  return figures
}

/** The p99 of live changes with and without a backfill of the same sink beside them, in turns. */
export async function liveBesideBackfill(bench: Bench, rows: number, rounds: number): Promise<Figure[]> {
  const { sql, receiver } = bench
  await sql`create table big (id int primary key, customer int, note text, at timestamptz default now())`
  await sql`create table live (id bigint generated always as identity primary key, sent_at double precision)`
  await sql`insert into big select i, i % 1000, 'a note of some length', now() from generate_series(1, ${rows}) i`
  const stage = await openStage(bench)
  await stage.sink('both', ['big', 'live'], batchSize)
  const pace = 100
  const seconds = 8
  const live = async (): Promise<number[]> => {
    await receiver.reset(true)
    await paced(pace, pace * seconds, async () => {
      await sql`insert into live (sent_at) values (${Date.now()})`
    })
    await sleep(300)
    return (await receiver.read()).latencies
  }
  await live() // a process that was just started is slow for a moment
  let done = 0
  const p99 = await takeTurns(rounds, ['idle', 'backfill'], async (name) => {
    if (name === 'idle') return percentile(await live(), 0.99)
    const { id } = await stage.rowhook.api('POST', '/api/sinks/both/backfills', { tables: [{ name: 'big' }] })
    const latencies = await live()
    const { state, rows_done } = await stage.rowhook.api('GET', `/api/sinks/both/backfills/${id as string}`)
    if (state === 'completed')
      throw new Error('the backfill was over before the measurement: give it more rows')
    done += (rows_done as number) / (seconds * rounds)
    await stage.rowhook.api('POST', `/api/sinks/both/backfills/${id as string}/cancel`)
    await sleep(2500)
    return percentile(latencies, 0.99)
  })
  const ratio = ratioOf(p99.backfill, p99.idle)
  await stage.rowhook.stop()
  return [
    {
      name: `live changes beside a backfill, ${pace} commits/s`,
      value: `p99 ${median(p99.backfill).toFixed(0)} ms, ${whole(done)} rows/s of the backfill`,
      against: `without it p99 ${median(p99.idle).toFixed(0)} ms`,
      ratio,
      target: '≤ 2',
      ok: ratio <= 2,
    },
  ]
}

async function insertRows({ sql }: Bench, rows: number): Promise<void> {
  await sql`
    insert into history (id, customer, note)
    select i, i % 1000, 'a note of some length' from generate_series(1, ${rows}) i`
}

/** Waits until no backfill and no replay of the sink is under way. */
async function completed({ rowhook }: Stage): Promise<void> {
  for (;;) {
    const lists = await Promise.all(
      ['backfills', 'replays'].map((kind) => rowhook.api('GET', `/api/sinks/history/${kind}`)),
    )
    if (!lists.some(({ data }) => (data as { state: string }[]).some(({ state }) => state === 'active')))
      return
    await sleep(50)
  }
}
