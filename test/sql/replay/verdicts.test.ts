import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { compileFilter } from '../../../src/filter/index.ts'
import { createDatabase } from '../../support/database.ts'
import { type SinkFixture, makeSink } from '../messages/sink.ts'

interface Line {
  id: number
  action: string
  pks: string
  verdict: string
  grp: string | null
  old_grp: string | null
  record: string | null
  error: string | null
}

const columns = [
  { name: 'id', attnum: 1, type: 'integer', notNull: true },
  { name: 'status', attnum: 2, type: 'text' },
  { name: 'total', attnum: 3, type: 'integer' },
]
const parts = async (filter: string) => (await compileFilter(filter, columns, { allowNow: true })).parts

async function prepare(): Promise<{ sql: Sql; url: string; sink: SinkFixture }> {
  const { sql, url } = await createDatabase()
  await sql`create table orders (id int primary key, status text, total int)`
  return { sql, url, sink: await makeSink(sql) }
}

/** Reads a replay to its end, as its run does; `limit` events at a time. */
async function read(
  sql: Sql,
  sink: SinkFixture,
  options: Record<string, unknown> = {},
  limit = 1000,
): Promise<Line[]> {
  const [row] = await sql`
    select rowhook.create_replay(${sink.id}, ${sql.json({ since_id: 0, ...options } as never)}) as id`
  const id = row!['id'] as string
  const lines: Line[] = []
  const [start] = await sql`select last_id::float8 as at from rowhook.stream where replay_id = ${id}`
  for (let after = start!['at'] as number; ;) {
    const found = await sql<Line[]>`
      select event_id::float8 as id, action::text, array_to_string(pks, ':') as pks, verdict, grp, old_grp,
        record::text as record, error
      from rowhook.read_replay(${id}, ${after}, ${limit}, 1000000000)`
    lines.push(...found)
    if (found.length < limit) return lines
    after = found.at(-1)!.id
  }
}

const wanted = (lines: Line[]) =>
  lines.filter(({ verdict }) => verdict === 'wanted').map(({ action, pks }) => `${action} ${pks}`)

test("every change that the sink's tables and actions of today want, in order", async () => {
  const { sql, sink } = await prepare()
  await sql`insert into orders select i, 'new', i from generate_series(1, 3) i`
  await sql`update orders set status = 'paid' where id = 2`
  await sql`delete from orders where id = 3`
  expect(wanted(await read(sql, sink))).toEqual(['i 1', 'i 2', 'i 3', 'u 2', 'd 3'])
  for (const limit of [1, 2, 5]) expect(wanted(await read(sql, sink, {}, limit))).toHaveLength(5)
  await sql`update rowhook.sink_table set actions = '{delete}'`
  expect(wanted(await read(sql, sink))).toEqual(['d 3'])
})

test('a sink of rows is sent no deletes', async () => {
  const { sql, sink } = await prepare()
  await sql`insert into orders values (1)`
  await sql`delete from orders`
  await sql`update rowhook.sink set message_type = 'rows'`
  expect(wanted(await read(sql, sink))).toEqual(['i 1'])
})

test('the filter of today decides over what was stored, with both sides of an update', async () => {
  const { sql, sink } = await prepare()
  await sql`insert into orders values (1, 'new', 5), (2, 'new', 50)`
  await sql`update orders set status = 'paid'`
  await sql`update orders set total = total + 1`
  await sql`delete from orders`
  await sql`
    update rowhook.sink_table
    set filter_parts = ${sql.json((await parts(`total > 10 and status is distinct from old.status`)) as never)}`
  expect(wanted(await read(sql, sink))).toEqual(['i 2', 'u 2'])
  const extra = {
    filter: 'x',
    filter_parts: { [sink.source]: await parts(`status = 'paid' or new.id is null`) },
  }
  expect(wanted(await read(sql, sink, extra))).toEqual(['u 2'])
})

test('an extra filter alone leaves the rest to the sink', async () => {
  const { sql, sink } = await prepare()
  await sql`insert into orders values (1, 'new', 5), (2, 'new', 50)`
  const extra = {
    filter: 'x',
    filter_parts: { [sink.source]: await parts('total > 10 and now() > current_date') },
  }
  expect(wanted(await read(sql, sink, extra))).toEqual(['i 2'])
})

test('a change on which a filter raises comes with the error, and the others without', async () => {
  const { sql, sink } = await prepare()
  await sql`insert into orders values (1, 'new', 0), (2, 'new', 5), (3, 'new', 0)`
  const extra = { filter: 'x', filter_parts: { [sink.source]: await parts('10 / total > 1') } }
  expect((await read(sql, sink, extra)).map(({ pks, verdict, error }) => [pks, verdict, error])).toEqual([
    ['1', 'error', 'division by zero'],
    ['2', 'wanted', null],
    ['3', 'error', 'division by zero'],
  ])
})

test('groups, exclusions and unchanged updates are those of today', async () => {
  const { sql, sink } = await prepare()
  await sql`update rowhook.sink_table set unchanged = true`
  await sql`select rowhook.refresh('orders')`
  await sql`insert into orders values (1, 'a', 5)`
  await sql`update orders set status = 'b'`
  await sql`update orders set total = 6`
  await sql`update orders set total = 6`
  await sql`update rowhook.sink_table set unchanged = false, group_columns = '{2}', exclude_columns = '{3}'`
  const lines = (await read(sql, sink)).filter(({ verdict }) => verdict === 'wanted')
  expect(lines.map(({ action, grp, old_grp }) => [action, grp, old_grp])).toEqual([
    ['i', 'a', null],
    ['u', 'b', 'a'],
  ])
})

test('what nobody but the history wanted is there for a sink that came later', async () => {
  const { sql } = await prepare()
  await sql`create table kept (id int primary key, note text)`
  await sql`select rowhook.retain('kept', '30 days')`
  await sql`insert into kept values (1, 'before')`
  const late = await makeSink(sql, { name: 'late', table: 'kept' })
  expect(wanted(await read(sql, late))).toEqual(['i 1'])
})

test('the way without filters and the way with them agree', async () => {
  const { sql, sink } = await prepare()
  await sql`create table other (id int primary key)`
  await sql`insert into rowhook.sink_table (sink_id, source_id, ordinal) values (${sink.id}, rowhook.source_for('other'), 1)`
  await sql`select rowhook.refresh('other')`
  for (let i = 1; i <= 10; i++) {
    await sql`insert into orders values (${i}, 'new', ${i})`
    await sql`insert into other values (${i})`
    await sql`update orders set total = total + ${i % 2} where id = ${i}`
    await sql`delete from other where id = ${i} - 3`
  }
  const plain = await read(sql, sink, {}, 7)
  await sql`
    update rowhook.sink_table set filter_parts = ${sql.json((await parts('id is not null')) as never)}`
  const judged = await read(sql, sink, {}, 7)
  expect(judged).toEqual(plain)
  expect(plain.length).toBeGreaterThan(30)
})

test('since is inclusive, until is not, and both may be event ids, inclusive', async () => {
  const { sql, sink } = await prepare()
  for (let i = 1; i <= 6; i++) await sql`insert into orders values (${i})`
  const events =
    await sql`select id::float8 as id, to_char(captured_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.USZ') as at from rowhook.event order by id`
  const window = { since_id: null, since: events[1]!['at'], until: events[4]!['at'] }
  expect(wanted(await read(sql, sink, window))).toEqual(['i 2', 'i 3', 'i 4'])
  expect(wanted(await read(sql, sink, { since_id: events[2]!['id'], until_id: events[3]!['id'] }))).toEqual([
    'i 3',
    'i 4',
  ])
})

test('what commits or is captured after the replay was made is none of it', async () => {
  const { sql, url, sink } = await prepare()
  const other = connect(url, { max: 1 })
  await other`begin`
  await other`insert into orders values (1)`
  await sql`insert into orders values (2)`
  expect(wanted(await read(sql, sink))).toEqual(['i 2'])
  await other`commit`
  await other.end()
  const [row] = await sql`select rowhook.create_replay(${sink.id}, '{"since_id": 0}') as id`
  await sql`insert into orders values (3)`
  const found =
    await sql`select pks[1] as key from rowhook.read_replay(${row!['id'] as string}, 0, 10, 1000000)`
  expect(found.map((r) => r['key'])).toEqual(['1', '2'])
})

test('a table that waits for an edit of the sink says so', async () => {
  const { sql, sink } = await prepare()
  await sql`insert into orders values (1)`
  await sql`update rowhook.sink_table set stale_reason = 'gone'`
  expect((await read(sql, sink)).map(({ verdict }) => verdict)).toEqual(['stale'])
})

test('rows that a backfill had to store are no changes', async () => {
  const { sql, sink } = await prepare()
  await sql`
    insert into rowhook.event (source_id, action, captured_at, sinks, pks, record)
    values (${sink.source}, 'r', now(), array[${sink.id}]::int[], '{1}', '{}')`
  expect(await read(sql, sink)).toEqual([])
})
