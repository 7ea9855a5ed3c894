import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { type SinkFixture, makeSink } from '../messages/sink.ts'

async function prepare(): Promise<{ sql: Sql; sink: SinkFixture }> {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key, total int)`
  return { sql, sink: await makeSink(sql) }
}

const create = (sql: Sql, sink: SinkFixture, options: object) =>
  sql`select rowhook.create_replay(${sink.id}, ${sql.json(options as never)}) as id`.then(
    ([row]) => row!['id'] as string,
  )
const count = (sql: Sql, sink: SinkFixture, options: object) =>
  sql`select rowhook.count_replay(${sink.id}, ${sql.json(options as never)})::int as count`.then(
    ([row]) => row!['count'] as number,
  )

test.each([
  ['no beginning', {}, 'since', /needs a beginning/],
  ['an empty window', { since: '2026-01-02', until: '2026-01-02' }, 'until', /window is empty/],
  ['a time that is none', { since: 'soon' }, 'since', /invalid input syntax/],
  ['an id that is none', { since_id: 'x' }, 'since_id', /invalid input syntax/],
  [
    'a table that is none of the sink',
    { since: 'now', until: 'infinity', table_name: 'other' },
    'table_name',
    /other is not a table/,
  ],
  ['a window from before the installation', { since: '2001-01-01' }, 'since', /^history begins at 20\d\d-/],
])('%s is refused, with the name of the option and a hint', async (_, options, column_name, message) => {
  const { sql, sink } = await prepare()
  for (const attempt of [create, count]) {
    await expect(attempt(sql, sink, options)).rejects.toMatchObject({
      code: '22023',
      column_name,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
    })
  }
  expect(await sql`select from rowhook.replay`).toHaveLength(0)
  expect(await sql`select from rowhook.stream where replay_id is not null`).toHaveLength(0)
})

test('a young log answers for any window within the time that history is kept at least', async () => {
  const { sql, sink } = await prepare()
  await create(sql, sink, { since: new Date(Date.now() - 23 * 3_600_000).toISOString() })
  expect(await sql`select state from rowhook.replay`).toEqual([{ state: 'active' }])
})

test('the estimate is a count where there is little, and goes by the rate where there is much', async () => {
  const { sql, sink } = await prepare()
  await sql`insert into orders select i, i from generate_series(1, 1500) i`
  await create(sql, sink, { since_id: 1 })
  await sql`insert into orders select i, i from generate_series(1501, 9000) i`
  await create(sql, sink, { since_id: 1 })
  const totals = (await sql`select rows_total::int as n from rowhook.replay order by created_at`).map(
    (r) => r['n'] as number,
  )
  expect(totals[0]).toBe(1500)
  expect(totals[1]).toBeGreaterThan(8500)
  expect(totals[1]).toBeLessThan(9500)
  expect(await count(sql, sink, { since_id: 1 })).toBe(9000)
})

test('a filter that no program has compiled cannot be counted by', async () => {
  const { sql, sink } = await prepare()
  await expect(count(sql, sink, { since_id: 1, filter: 'total > 1' })).rejects.toMatchObject({
    column_name: 'filter',
  })
  await create(sql, sink, { since_id: 1, filter: 'total > 1' })
  expect(await sql`select rows_total from rowhook.replay`).toEqual([{ rows_total: null }])
})

test('where to begin reading: no event of the window lies before it, and not many others behind', async () => {
  const { sql, sink } = await prepare()
  await sql`
    insert into rowhook.event (source_id, action, captured_at, sinks, pks)
    select ${sink.source}, 'i', timestamptz '2026-01-01' + i * interval '10 s', array[${sink.id}]::int[], array[i::text]
    from generate_series(1, 5000) i`
  for (const minutes of [0, 1, 2, 100, 500, 833, 900]) {
    const [begin] = await sql`
      select rowhook.event_id_at(timestamptz '2026-01-01' + ${minutes} * interval '1 minute', ${[sink.source]})::int as id`
    const id = begin!['id'] as number
    const [row] = await sql`
      select count(*) filter (where e.id < ${id} and e.captured_at >= a.at)::int as missed,
        count(*) filter (where e.id >= ${id} and e.captured_at < a.at)::int as spare
      from rowhook.event e, (select timestamptz '2026-01-01' + ${minutes} * interval '1 minute' as at) a`
    expect(row!['missed']).toBe(0)
    expect(row!['spare']).toBeLessThanOrEqual(7)
  }
})

test('states lead to each other as those of a backfill do; one that is cancelled loses its stream', async () => {
  const { sql, sink } = await prepare()
  const id = await create(sql, sink, { since_id: 1 })
  const move = (state: string) => sql`select rowhook.set_replay_state(${id}, ${state})`
  for (const state of ['paused', 'active', 'failed', 'active', 'cancelled', 'cancelled']) await move(state)
  expect(await sql`select from rowhook.stream where replay_id is not null`).toHaveLength(0)
  await expect(move('active')).rejects.toMatchObject({
    code: '55000',
    message: 'this replay is cancelled and cannot become active',
  })
})

test('call rowhook.replay says at once what is wrong', async () => {
  const { sql } = await prepare()
  const wrong = (call: ReturnType<Sql>) =>
    call.then(
      () => ({}),
      (error: unknown) => error,
    )
  expect(await wrong(sql`call rowhook.replay('order', since => now())`)).toMatchObject({
    message: `there is no sink named 'order'`,
    hint: expect.stringMatching(/./),
    detail: 'the sinks are orders',
  })
  expect(await wrong(sql`call rowhook.replay('orders')`)).toMatchObject({
    message: 'a replay needs a beginning',
    hint: expect.stringMatching(/./),
  })
  expect(
    await wrong(sql`call rowhook.replay('orders', since => now() - interval '1 hour', filter => 'totl > 1')`),
  ).toMatchObject({
    message: expect.stringMatching(/column "totl" does not exist/),
    hint: expect.stringMatching(/./),
  })
  expect(
    await wrong(sql`call rowhook.replay('orders', since => now() - interval '1 hour', table_name => 'x')`),
  ).toMatchObject({
    message: 'x is not a table of this sink',
    detail: 'its tables are public.orders',
    hint: expect.stringMatching(/./),
  })
  await sql`call rowhook.replay('orders', since => now() - interval '2 hours', until => now(), filter => 'old.total > 1', table_name => 'public.orders')`
  expect(await sql`select state, filter_text, table_name from rowhook.replay`).toEqual([
    { state: 'active', filter_text: 'old.total > 1', table_name: 'public.orders' },
  ])
})
