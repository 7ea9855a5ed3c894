// What ten million retained messages cost those who look: how soon some are found, by what people search for, and
// how soon a sink, its page in the console and its numbers are there.
import type { Sql } from 'postgres'
import { figure, openConsole, timed } from './answers.ts'
import type { Bench, Figure, Rowhook } from './harness.ts'
import { whole } from './harness.ts'

const days = 5
const promisedMs = 200

/**
 * Fills the log with so many events over five days, of which the four past ones are no longer written.
 * One sink goes by the table's key, one has groups of its own; both have delivered everything.
 */
export async function search(bench: Bench, events = 1_000_000): Promise<Figure[]> {
  const { sql } = bench
  await sql`create table if not exists searched (id int primary key, customer int, v text)`
  const rowhook = await bench.rowhook(['--no-dispatch'])
  await rowhook.api('POST', '/api/endpoints', { name: 'searched', url: bench.receiver.url })
  const sink = { endpoint: 'searched', tables: [{ name: 'searched' }] }
  await rowhook.api('POST', '/api/sinks', { ...sink, name: 'by-key' })
  await rowhook.api('POST', '/api/sinks', {
    ...sink,
    name: 'by-group',
    tables: [{ name: 'searched', group_by: ['customer'] }],
  })
  await fill(sql, events)
  const figures = await answers(bench, rowhook, events)
  await rowhook.stop()
  return figures
}

/** Asks, when the log is full. */
export async function answers({ sql }: Bench, rowhook: Rowhook, events: number): Promise<Figure[]> {
  const at = (day: number) => `since=${time(day, 6)}&until=${time(day, 7)}`
  const figures: Figure[] = []
  const cases: [name: string, sink: string, search: string, rows: number][] = [
    ['newest', 'by-key', '', 50],
    ['by time, 1,000 of an hour', 'by-key', `${at(-2)}&limit=1000`, 1000],
    ['by time and state', 'by-key', `${at(-3)}&state=delivered`, 50],
    ['of what fails, in an hour', 'by-key', `${at(-3)}&state=failing`, 0],
    ['pending', 'by-key', 'state=pending', 0],
    ['by key, on past days', 'by-key', `group=4321&until=${time(0, 0)}`, 4],
    ['by a key that is not there', 'by-key', `group=nobody&until=${time(0, 0)}`, 0],
    ['by key and time', 'by-key', `group=4321&${at(-2)}`, 0],
    ['by group, on past days', 'by-group', `group=c77&until=${time(0, 0)}`, 50],
  ]
  for (const [name, of, query, rows] of cases) {
    const path = `/api/sinks/${of}/messages?${query}`
    const measured = await timed(7, async () => {
      const { data } = await rowhook.api('GET', path)
      const found = (data as unknown[]).length
      if (rows === 0 ? found > 0 : found < rows) throw new Error(`${path}: ${found} messages, not ${rows}`)
    })
    figures.push(figure(`messages ${name}, of ${whole(events)}`, measured, promisedMs))
  }
  figures.push(await today(rowhook, events))

  const page = await openConsole(rowhook)
  const others: [name: string, targetMs: number, ask: () => Promise<unknown>][] = [
    ['console, page of a sink', 300, () => page('/sinks/by-key')],
    ['console, messages of a sink', 300, () => page('/sinks/by-key/messages')],
    ['console, tables and their log', 300, () => page('/tables')],
    ['GET /api/sinks/:sink', promisedMs, () => rowhook.api('GET', '/api/sinks/by-key')],
    ['GET /metrics', promisedMs, async () => (await fetch(`${rowhook.url}/metrics`)).text()],
    ['select from rowhook.status', promisedMs, () => sql`select * from rowhook.status`.execute()],
  ]
  for (const [name, targetMs, ask] of others)
    figures.push(figure(`${name}, with ${whole(events)}`, await timed(7, ask), targetMs))
  return figures
}

async function fill(sql: Sql, events: number): Promise<void> {
  const each = Math.ceil(events / days)
  const [source] = await sql`select id from rowhook.source where relid = 'searched'::regclass`
  const sinks = (await sql`select id from rowhook.sink order by id`).map((row) => row['id'] as number)
  for (let day = 1 - days; day <= 0; day++) {
    await sql`select rowhook.create_partition('event', (now() at time zone 'UTC')::date + ${day}::int)`
    // Each key once a day. The second sink has groups of 500 a day.
    await sql`
      insert into rowhook.event (source_id, action, captured_at, sinks, groups, pks, record, changes)
      select ${source!['id'] as number}, 'u',
        date_trunc('day', now(), 'UTC') + make_interval(days => ${day}) + g * interval '1 day' / ${each}::int,
        ${sinks}::int[], array[null, 'c' || g % ${Math.ceil(each / 500)}::int], array[g::text],
        json_build_object('id', g, 'customer', g % 4000, 'v', 'a value of ' || g),
        json_build_object('v', 'what it was')
      from generate_series(0, ${each - 1}::int) g`
  }
  await sql`vacuum analyze rowhook.event`
  const past = await sql`
    select p.relid::text as name from rowhook.partitions('event') p
    where p.ends_at <= date_trunc('day', now(), 'UTC')`
  for (const { name } of past) await sql`select rowhook.index_partition(${name as string}::regclass)`
  // What follows the last news is a tick more, as when a dispatcher has nothing left to do.
  for (let i = 0; i < 3; i++) await sql`select rowhook.take_tick()`
  await sql`
    update rowhook.stream set tick_from = t.id, tick_to = t.id, last_id = t.high, delivered = ${events}
    from (select id, high from rowhook.tick order by id desc limit 1) t`
}

/** By key on the day that is still written: everything of it is read, so this grows with the day. */
async function today(rowhook: Rowhook, events: number): Promise<Figure> {
  const path = `/api/sinks/by-key/messages?group=4321&since=${time(0, 0)}`
  const measured = await timed(3, () => rowhook.api('GET', path))
  const { value, against } = figure('', measured, 0)
  return {
    name: `messages by key, among the ${whole(events / days)} of today`,
    value,
    against,
    ratio: null,
  }
}

/** A time of a day, counted from today. */
function time(day: number, hour: number): string {
  const at = new Date()
  at.setUTCHours(hour, 0, 0, 0)
  at.setUTCDate(at.getUTCDate() + day)
  return at.toISOString()
}
