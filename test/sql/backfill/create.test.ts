import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { createDatabase } from '../../support/database.ts'
import { type SinkFixture, makeSink } from '../messages/sink.ts'

async function prepare(): Promise<{ sql: Sql; url: string; sink: SinkFixture }> {
  const { sql, url } = await createDatabase()
  await sql`create table orders (id int primary key, at date, total numeric, tags json)`
  await sql`insert into orders select i, date '2026-01-01' + i, i from generate_series(1, 100) i`
  return { sql, url, sink: await makeSink(sql) }
}

const create = (sql: Sql, sink: SinkFixture, tables: object[] | null = null) =>
  sql`select rowhook.create_backfill(${sink.id}, ${tables === null ? null : sql.json(tables as never)}) as id`.then(
    ([row]) => row!['id'] as string,
  )
const move = (sql: Sql, id: string, state: string) => sql`select rowhook.set_backfill_state(${id}, ${state})`
const state = async (sql: Sql, id: string) =>
  (await sql`select state from rowhook.backfill where id = ${id}`)[0]!['state'] as string

test('without names it is about all tables of the sink, with how many rows there are', async () => {
  const { sql, sink } = await prepare()
  await sql`create table other (id int primary key)`
  await sql`insert into rowhook.sink_table (sink_id, source_id, ordinal) values (${sink.id}, rowhook.source_for('other'), 1)`
  await create(sql, sink)
  expect(
    await sql`
      select s.table_name, t.rows_total::int from rowhook.backfill_table t join rowhook.source s on s.id = t.source_id
      order by t.ordinal`,
  ).toEqual([
    { table_name: 'orders', rows_total: 100 },
    { table_name: 'other', rows_total: 0 },
  ])
})

test('rows are counted within its bounds, and not before its filter is compiled', async () => {
  const { sql, sink } = await prepare()
  await move(sql, await create(sql, sink, [{ name: 'orders', start: 11, end: '20' }]), 'cancelled')
  await create(sql, sink, [{ name: 'public.orders', where: 'total > 3' }])
  expect(
    (await sql`select rows_total::int from rowhook.backfill_table order by id`).map((r) => r['rows_total']),
  ).toEqual([10, null])
})

test.each([
  [
    'a table that is none of the sink',
    { name: 'pg_class' },
    'tables[0].name',
    /pg_class is not a table of sink orders/,
  ],
  [
    'a table that does not exist',
    { name: 'nothing' },
    'tables[0].name',
    /nothing is not a table of sink orders/,
  ],
  [
    'a column that it has not',
    { name: 'orders', sort_column: 'nope' },
    'tables[0].sort_column',
    /has no column nope/,
  ],
  [
    'a column without an order',
    { name: 'orders', sort_column: 'tags' },
    'tables[0].sort_column',
    /cannot be put in order/,
  ],
  [
    'a start that is no value',
    { name: 'orders', sort_column: 'at', start: 'soon' },
    'tables[0].start',
    /invalid input syntax for type date/,
  ],
  [
    'an end that is no value',
    { name: 'orders', end: '1.5' },
    'tables[0].end',
    /invalid input syntax for type integer/,
  ],
])('%s is refused, with its place in the request and a hint', async (_, table, column_name, message) => {
  const { sql, sink } = await prepare()
  await expect(create(sql, sink, [table])).rejects.toMatchObject({
    code: '22023',
    column_name,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(/./),
  })
  expect(await sql`select from rowhook.backfill`).toHaveLength(0)
})

test('a bound is text, whatever it holds', async () => {
  const { sql, sink } = await prepare()
  await expect(create(sql, sink, [{ name: 'orders', start: "1'; drop table orders; --" }])).rejects.toThrow(
    'invalid input',
  )
  expect(await sql`select count(*)::int from orders`).toEqual([{ count: 100 }])
})

test('a table has one backfill at a time for a sink, also when two start at once', async () => {
  const { sql, url, sink } = await prepare()
  const other = connect(url, { max: 1 })
  const answers = await Promise.allSettled([create(sql, sink), create(other, sink)])
  await other.end()
  expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: '55006', message: 'a backfill of public.orders for sink orders is under way', hint: /./ },
  })
  const second = await makeSink(sql, { name: 'second' })
  await create(sql, second)
})

const states = ['active', 'paused', 'failed', 'completed', 'cancelled']
const moves: Record<string, string[]> = {
  active: ['active', 'paused', 'completed', 'failed', 'cancelled'],
  paused: ['active', 'paused', 'completed', 'failed', 'cancelled'],
  failed: ['active', 'failed', 'cancelled'],
  completed: ['completed'],
  cancelled: ['cancelled'],
}

test('states lead to each other as the table says, and nowhere else', async () => {
  const { sql, sink } = await prepare()
  const id = await create(sql, sink)
  for (const [from, to] of states.flatMap((from) => states.map((to) => [from, to] as const))) {
    await sql`update rowhook.backfill set state = ${from}`
    if (moves[from]!.includes(to)) {
      await move(sql, id, to)
      expect(await state(sql, id)).toBe(to)
    } else {
      await expect(move(sql, id, to)).rejects.toMatchObject({
        code: '55000',
        message: `this backfill is ${from} and cannot become ${to}`,
        hint: expect.stringMatching(/start a new backfill/),
      })
      expect(await state(sql, id)).toBe(from)
    }
  }
})

test('a failed backfill is not resumed while another one of its table runs', async () => {
  const { sql, sink } = await prepare()
  const id = await create(sql, sink)
  await move(sql, id, 'failed')
  await create(sql, sink)
  await expect(move(sql, id, 'active')).rejects.toMatchObject({ code: '55006' })
})

test('call rowhook.backfill starts one, and says at once what is wrong', async () => {
  const { sql } = await prepare()
  await sql`call rowhook.backfill('orders', table_name => 'public.orders', filter => 'total > 1 and new.at is distinct from old.at and at > now() - interval ''1 day''')`
  expect(await sql`select where_text from rowhook.backfill_table`).toEqual([
    { where_text: `total > 1 and new.at is distinct from old.at and at > now() - interval '1 day'` },
  ])
  const wrong = (call: ReturnType<Sql>) =>
    call.then(
      () => ({}),
      (error: unknown) => error,
    )
  expect(await wrong(sql`call rowhook.backfill('order')`)).toMatchObject({
    message: `there is no sink named 'order'`,
    detail: 'the sinks are orders',
    hint: /./,
  })
  expect(await wrong(sql`call rowhook.backfill('orders', table_name => 'other')`)).toMatchObject({
    message: 'other is not a table of this sink',
    detail: 'its tables are public.orders',
    hint: /./,
  })
  for (const [filter, message] of [
    ['totl > 1', /column "totl" does not exist/],
    ['total >', /syntax error/],
    ['total', /coalesce types numeric and boolean cannot be matched/i],
    ['true); drop table orders; --', /does not fit table public.orders/],
    ['true), true)); drop table orders; select (select coalesce((true', /syntax error at or near "\)"/],
    ['', /syntax error/],
    ['total > 1) or (true', /syntax error at or near "\)"/],
    ['total > 1], array[true', /syntax error at or near "\]"/],
    ['true; true', /syntax error at or near ";"/],
    ['true, true', /record and boolean cannot be matched/],
    ['total > 1 or "', /unterminated quoted identifier/],
    ['total > 1 -- and so on', /comments are not allowed/],
    ['total > 1 -- and\n or true', /comments are not allowed/],
    ['total > 1 -- */\n or true', /comments are not allowed/],
    ['total /* the sum */ > 1', /comments are not allowed/],
    ['select true', /syntax error at or near "select"/],
    ['(select true)', /subqueries are not allowed/],
    ['total > (select 1)', /subqueries are not allowed/],
    ['total in (select 1) and id > 0', /subqueries are not allowed/],
    ['not exists (select from pg_class where relname = tags::text)', /subqueries are not allowed/],
    ['total = any (array(select 1))', /subqueries are not allowed/],
    ['max(total) > 1', /aggregate functions are not allowed/],
    ['max(new.total) > 1', /aggregate functions are not allowed/],
    ['total > 1 / 0', /division by zero/],
    [`total > 1${' '.repeat(10_000)}`, /10009 characters/],
  ] as const) {
    expect(await wrong(sql`call rowhook.backfill('orders', filter => ${filter})`), filter).toMatchObject({
      code: '22023',
      message: expect.stringMatching(message),
      hint: 'a filter is one SQL condition over the columns of the table',
    })
  }
  expect(await sql`select count(*)::int from orders`).toEqual([{ count: 100 }])
})

test('what looks like a comment or the end of an expression within a literal is a literal', async () => {
  const { sql } = await prepare()
  for (const filter of [
    `tags::text <> ' -- /* ) ] ; */'`,
    `tags::text <> 'it''s -- ' and tags::text <> E'\\'-- ]'`,
    `tags::text <> $a$ ' -- $a$`,
    `(total > 1) or (id in (1, 2) and (array[1, 2])[1] = id)`,
    `old.total > 1 and new.at > now() - interval '1 day' or total between 1\n and 2`,
  ]) {
    expect(await sql`select rowhook.plan_filter('orders', ${filter})`, filter).toHaveLength(1)
  }
})

test("planning a person's text runs none of it", async () => {
  const { sql } = await prepare()
  await sql`create sequence calls`
  await sql`select rowhook.plan_filter('orders', ${`nextval('public.calls') > 0 and id > 0`})`
  const counting = `nextval('public.calls') > 0 and (select count(*) from generate_series(1, 1000000000)) > 0`
  await expect(sql`select rowhook.plan_filter('orders', ${counting})`).rejects.toThrow('subqueries')
  expect(await sql`select is_called from calls`).toEqual([{ is_called: false }])
})
