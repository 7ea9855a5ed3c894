// What it costs to have much: retained events, sinks, groups, tables, large rows. Each from small to large, as the
// rate at which the same number of changes drains; beside each size runs a bare undici loop with requests of the
// same size, so that the slope is rowhook's and not the machine's.
import type { Sql } from 'postgres'
import type { Bench, Figure } from './harness.ts'
import { whole } from './harness.ts'
import { median, ratioOf, takeTurns } from './paired.ts'
import { openStage, type Stage } from './sinks.ts'

/** What a benchmark of growth varies. */
interface Growth {
  name: string
  sizes: readonly number[]
  /** What a size is shown as. */
  label?(size: number): string
  /** Sets a size up: what to commit, and what comes of it. Sizes come in ascending order. */
  prepare(size: number): Promise<{
    commit(): Promise<unknown>
    messages: number
    requests: number
    /** Of one request's body. */
    bytes: number
  }>
  target?: number
}

async function slope(bench: Bench, stage: Stage, rounds: number, growth: Growth): Promise<Figure> {
  const points: { size: number; rate: number; ofBare: number }[] = []
  for (const size of growth.sizes) {
    const { commit, messages, requests, bytes } = await growth.prepare(size)
    await stage.drained(commit, messages, requests) // warm
    const rates: number[] = []
    const ofBare: number[] = []
    for (let round = 0; round < rounds; round++) {
      const bare = await bench.bareLoop(Math.max(200, Math.min(10_000, requests * 2, 2e9 / bytes)), bytes)
      const rate = await stage.drained(commit, messages, requests)
      rates.push(rate)
      ofBare.push(((rate / messages) * requests) / bare)
    }
    points.push({ size, rate: median(rates), ofBare: median(ofBare) })
  }
  const [first, last] = [points[0]!, points.at(-1)!]
  const label = growth.label ?? whole
  const ratio = last.ofBare / first.ofBare
  const { target = 0.8 } = growth
  return {
    name: `growth: ${growth.name}`,
    value: points.map(({ size, rate }) => `${label(size)}: ${whole(rate)}/s`).join(', '),
    against: `of a bare loop ${points.map(({ ofBare }) => ofBare.toFixed(2)).join(', ')}`,
    ratio,
    target: `≥ ${target}`,
    ok: ratio >= target,
  }
}

const changes = 60_000
const bytesOf = (batch: number): number => 12 + batch * 600

/**
 * Drain rate with few and with many events retained in the log, none of which are to be sent any more: each in a
 * database of its own, in turns, because filling the log takes so long that the machine is another one afterwards.
 */
export async function retained(bench: Bench, few: number, many: number, rounds: number): Promise<Figure[]> {
  const stages = {
    few: await openRetained(await bench.database('few'), few),
    many: await openRetained(await bench.database('many'), many),
  }
  for (const stage of Object.values(stages)) await stage.drain() // warm
  const taken = await takeTurns(rounds, ['many', 'few'], (name) => stages[name].drain())
  for (const stage of Object.values(stages)) await stage.close()
  const ratio = ratioOf(taken.many, taken.few)
  return [
    {
      name: `drain with ${whole(many)} events retained`,
      value: `${whole(median(taken.many))} messages/s`,
      against: `with ${whole(few)} ${whole(median(taken.few))}/s`,
      ratio,
      target: '≥ 0.9',
      ok: ratio >= 0.9,
    },
  ]
}

async function openRetained(bench: Bench, events: number) {
  const { sql } = bench
  await sql`create table retained (id bigint generated always as identity primary key, v text, n int)`
  const stage = await openStage(bench)
  await sql`select rowhook.retain('retained', '30 days')`
  await retain(sql, events)
  await stage.sink('retained', ['retained'])
  const commit = () =>
    sql`insert into retained (v, n) select repeat('x', 40), i from generate_series(1, ${changes}) i`
  return {
    drain: () => stage.drained(commit, changes, changes / 100),
    close: () => stage.rowhook.stop(),
  }
}

/** Puts so many events into the log, as capture would have: half of them today, the others on four past days. */
async function retain(sql: Sql, events: number): Promise<void> {
  for (let day = 0; day < 5; day++) {
    const part = Math.round(day === 0 ? events / 2 : events / 8)
    await sql`select rowhook.create_partition('event', (now() at time zone 'UTC')::date - ${day}::int)`
    await sql`
      insert into rowhook.event (source_id, action, captured_at, sinks, pks, record)
      select s.id, 'i', now() - make_interval(days => ${day}), '{}', array[i::text],
        json_build_object('id', i, 'v', repeat('x', 40), 'n', i)
      from rowhook.source s, generate_series(1, ${part}::int) i
      where s.relid = 'retained'::regclass`
  }
  await sql`vacuum analyze rowhook.event`
  await sql`checkpoint`
}

/** Drain rate of the same changes over many sinks, groups and tables. */
export async function many(bench: Bench, sizes: readonly number[], rounds: number): Promise<Figure[]> {
  const { sql } = bench
  const stage = await openStage(bench)
  const figures: Figure[] = []
  const run = async (growth: Growth) => figures.push(await slope(bench, stage, rounds, growth))
  const insert = (table: string, rows: number, groups: number) =>
    sql.unsafe(
      `insert into ${table} (v, g) select repeat('x', 40), i % ${groups} from generate_series(1, ${rows}) i`,
    )
  const create = (table: string) =>
    sql.unsafe(`create table ${table} (id bigint generated always as identity primary key, v text, g int)`)

  await create('shared')
  let sinks = 0
  await run({
    name: 'sinks of one table',
    sizes,
    async prepare(size) {
      for (; sinks < size; sinks++) await stage.sink(`shared-${sinks}`, ['shared'])
      const each = changes / size
      return {
        commit: () => insert('shared', each, each),
        messages: changes,
        requests: size * Math.ceil(each / 100),
        bytes: bytesOf(Math.min(100, each)),
      }
    },
  })
  for (let i = 0; i < sinks; i++) await stage.drop(`shared-${i}`)

  await create('grouped')
  await stage.sink('grouped', [{ name: 'grouped', group_by: ['g'] }])
  await run({
    name: 'groups of a sink',
    sizes: [100, 1000, changes],
    prepare: async (size) => ({
      commit: () => insert('grouped', changes, size),
      messages: changes,
      requests: changes / 100,
      bytes: bytesOf(100),
    }),
  })

  let tables = 0
  await run({
    name: 'tables of a sink',
    sizes,
    async prepare(size) {
      await stage.drop('tables')
      for (; tables < size; tables++) await create(`table_${tables}`)
      const names = Array.from({ length: size }, (_, i) => `table_${i}`)
      await stage.sink('tables', names)
      return {
        commit: () =>
          sql.begin(async (tx) => {
            for (const name of names)
              await tx.unsafe(
                `insert into ${name} (v, g) select repeat('x', 40), i from generate_series(1, ${changes / size}) i`,
              )
          }),
        messages: changes,
        requests: changes / 100,
        bytes: bytesOf(100),
      }
    },
  })
  await stage.rowhook.stop()
  return figures
}

/** Drain rate of rows of 1 kB to 1 MB, a message a request; so many bytes in all of each size. */
export async function payload(bench: Bench, rounds: number, total = 200e6): Promise<Figure[]> {
  const { sql } = bench
  const stage = await openStage(bench)
  await sql`create table large (id bigint generated always as identity primary key, v text)`
  await sql`create table filler as select string_agg(md5(random()::text), '') as text from generate_series(1, 33000)`
  await stage.sink('large', ['large'], 1)
  const figure = await slope(bench, stage, rounds, {
    name: 'size of a row',
    sizes: [1e3, 10e3, 100e3, 1e6],
    label: (size) => (size < 1e6 ? `${size / 1000} kB` : `${size / 1e6} MB`),
    async prepare(size) {
      const messages = Math.min(10_000, total / size)
      return {
        commit: () =>
          sql`insert into large (v) select substr(text, 1 + i % 900, ${size}) from filler, generate_series(1, ${messages}) i`,
        messages,
        requests: messages,
        bytes: size + 560,
      }
    },
  })
  await stage.rowhook.stop()
  return [figure]
}
