import type postgres from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { startReading } from './reading.ts'

test('a table is read in the order of its key, and every row once, whatever the size of the chunks', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (a int, b text collate "C", c int, primary key (b, a))`
  await sql`insert into t select i % 10, chr(60 + i / 10), i from generate_series(0, 99) i`
  const reading = await startReading(sql, 't')
  const all = await reading.keys()
  expect(all).toHaveLength(100)
  expect(all).toEqual((await sql`select b || ':' || a as key from t order by b, a`).map((r) => r['key']))
  for (const rows of [1, 7, 100]) expect(await reading.keys({ rows })).toEqual(all)
})

// The plan is what makes a backfill of a large table linear: each chunk begins at its cursor.
test.each([
  ['bigint', 'i'],
  ['uuid', 'md5(i::text)::uuid'],
  ['text', "'key ' || i"],
  ['text collate "en-US-x-icu"', "'key ' || i"],
  ['varchar(40)', "'key ' || i"],
  ['numeric', 'i / 7.0'],
  ['timestamptz', "now() + i * interval '1 s'"],
  ['mood', "(array['sad', 'happy'])[i % 2 + 1]::mood"],
])(
  'a chunk of a table with a key of type %s reads through the index from its cursor on',
  async (type, value) => {
    const { sql } = await createDatabase()
    await sql`create type mood as enum ('sad', 'happy')`
    await sql.unsafe(`create table t (k ${type}, n int, primary key (k, n))`)
    await sql.unsafe(`insert into t select ${value}, i from generate_series(1, 2000) i`)
    await sql`analyze t`
    const reading = await startReading(sql, 't')
    const [row] = await sql`
    select rowhook.keyset_rows('t', rowhook.scan_order('t'::regclass, null), ${(await reading.chunk(null)).cursor as string[]}, null, null, 10) as rows`
    const plan = await sql.begin(async (tx) => {
      await tx`set local enable_sort = off`
      await tx`set local search_path = pg_catalog`
      return tx.unsafe(`explain select * from ${row!['rows']}`)
    })
    const text = plan.map((line) => line['QUERY PLAN']).join('\n')
    expect(text).toMatch(/Index (Only )?Scan using t_pkey/)
    expect(text).toMatch(/Index Cond: .*ROW\(/)
    expect(text).not.toMatch(/Sort/)
  },
)

test('a sort column orders the rows, ties by key, and rows without a value come last', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, at date)`
  await sql`insert into t select i, case when i % 4 > 0 then date '2026-01-01' - i % 4 end from generate_series(1, 40) i`
  const reading = await startReading(sql, 't', { sort_column: 'at' })
  const expected = (await sql`select id::text as key from t order by at, id`).map((r) => r['key'])
  for (const rows of [1, 3, 7, 100]) expect(await reading.keys({ rows })).toEqual(expected)
})

test('bounds the wrong way round are refused, by the order in which the column is read', async () => {
  const { sql } = await createDatabase()
  await sql`create collation "German words" (provider = icu, locale = 'de')`
  await sql`create type mood as enum ('sad', 'happy')`
  await sql`
    create table t (id int primary key, at date, word text collate "German words", byte text collate "C", feels mood)`
  const check = (column: string, start: string, end: string) =>
    sql`select rowhook.check_range('t', ${column}, ${start}, ${end}, 'tables[0]')`.then(
      () => 'taken',
      (error: postgres.PostgresError) => `${error.column_name}: ${error.message}`,
    )
  const refused = 'tables[0].end: end comes before start: no row lies between them'
  expect(await check('id', '9', '10')).toBe('taken')
  expect(await check('id', '10', '9')).toBe(refused)
  expect(await check('id', '10', '10')).toBe('taken')
  expect(await check('at', '2026-02-01', '2026-01-31')).toBe(refused)
  expect(await check('at', '-infinity', 'infinity')).toBe('taken')
  expect(await check('word', 'a', 'B')).toBe('taken')
  expect(await check('byte', 'a', 'B')).toBe(refused)
  expect(await check('feels', 'sad', 'happy')).toBe('taken')
  expect(await check('feels', 'happy', 'sad')).toBe(refused)
})

test('start and end are inclusive bounds, of the key where no sort column is named', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, at date, name text)`
  await sql`insert into t select i, case when i < 30 then date '2026-01-01' + i end, i from generate_series(1, 40) i`
  const byKey = await startReading(sql, 't', { start: '10', end: '12' })
  expect(await byKey.keys({ rows: 2 })).toEqual(['10', '11', '12'])
  await sql`update rowhook.backfill set state = 'cancelled'`
  await sql`delete from rowhook.sink`
  const byDate = await startReading(sql, 't', { sort_column: 'at', start: '2026-01-28' })
  expect(await byDate.keys({ rows: 1 })).toEqual(['27', '28', '29'])
})

test('a sort column with many equal values is read from the tie on', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, kind text)`
  await sql`insert into t select i, 'same' from generate_series(1, 50) i`
  const reading = await startReading(sql, 't', { sort_column: 'kind' })
  expect(await reading.keys({ rows: 3 })).toHaveLength(50)
})

// citext's order is not that of text, whose > is the one that a search path of pg_catalog finds.
test("the order is that of the type's own operators, not of what their names mean elsewhere", async ({
  skip,
}) => {
  const { sql } = await createDatabase()
  const [found] =
    await sql`select exists (select from pg_available_extensions where name = 'citext') as citext`
  skip(found!['citext'] === false, 'this server has no citext')
  await sql`create schema extra`
  await sql`create extension citext schema extra`
  await sql`create table t (k extra.citext, n int, primary key (k, n))`
  await sql`insert into t select (array['b', 'A', 'C', 'a1', 'B2', 'c3'])[i], i from generate_series(1, 6) i`
  const reading = await startReading(sql, 't')
  const all = ['A:2', 'a1:4', 'b:1', 'B2:5', 'C:3', 'c3:6']
  for (const rows of [1, 2, 10]) expect(await reading.keys({ rows })).toEqual(all)
})

test('without a key rows are read by their place, to the last one', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (n int, note text)`
  await sql`insert into t select i, repeat('x', i % 700) from generate_series(1, 3000) i`
  await sql`delete from t where n % 3 = 0`
  const reading = await startReading(sql, 't')
  for (const rows of [10, 500, 100_000]) {
    const read = (await reading.rows({ rows })).map(({ record }) => (JSON.parse(record) as { n: number }).n)
    expect(read.toSorted((a, b) => a - b)).toEqual((await sql`select n from t order by n`).map((r) => r['n']))
  }
})

test('without a key, a table that was rewritten meanwhile is read from its beginning again', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (n int)`
  await sql`insert into t select i from generate_series(1, 2000) i`
  const reading = await startReading(sql, 't')
  const { cursor } = await reading.chunk(null, { rows: 50 })
  await sql`delete from t where n < 1500`
  await sql`vacuum full t`
  const rest: number[] = []
  for (let at = cursor, done = false; !done;) {
    const chunk = await reading.chunk(at, { rows: 50 })
    rest.push(...chunk.rows.map(({ record }) => (JSON.parse(record) as { n: number }).n))
    ;({ cursor: at, done } = chunk)
  }
  expect(new Set(rest).size).toBe(501)
})

test('a sort column orders a table without a key', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (n int, note text) partition by range (n)`
  await sql`create table t1 partition of t for values from (0) to (50)`
  await sql`create table t2 (note text, n int not null)`
  await sql`alter table t attach partition t2 for values from (50) to (100)`
  await sql`insert into t select i % 60, 'x' from generate_series(0, 119) i`
  const reading = await startReading(sql, 't', { sort_column: 'n' })
  const read = (await reading.rows({ rows: 7 })).map(({ record }) => (JSON.parse(record) as { n: number }).n)
  expect(read).toEqual((await sql`select n from t order by n`).map((r) => r['n']))
})

test('partitions and inheritance children are read through the table that the sink names', async () => {
  const { sql } = await createDatabase()
  await sql`create table p (id int primary key, note text) partition by hash (id)`
  await sql`create table p0 partition of p for values with (modulus 2, remainder 0)`
  await sql`create table p1 (note text, id int not null)`
  await sql`alter table p attach partition p1 for values with (modulus 2, remainder 1)`
  await sql`insert into p select i, 'n' || i from generate_series(1, 20) i`
  const partitioned = await startReading(sql, 'p')
  const rows = await partitioned.rows({ rows: 3 })
  expect(rows.map(({ record }) => record)).toEqual(
    Array.from({ length: 20 }, (_, i) => `{"id":${i + 1},"note":"n${i + 1}"}`),
  )

  await sql`create table heir_of_none (id int, note text)`
  await sql`create table heir (extra int) inherits (heir_of_none)`
  await sql`insert into heir_of_none select i, 'parent' from generate_series(1, 5) i`
  await sql`insert into heir select i, 'child', i from generate_series(6, 10) i`
  const inherited = await startReading(sql, 'heir_of_none')
  const records = (await inherited.rows({ rows: 2 })).map(({ record }) => record)
  expect(records).toHaveLength(10)
  expect(records).toContain('{"id":7,"note":"child"}')
})

test('a table that is altered between two chunks is read on as it is by then', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, at int not null)`
  await sql`insert into t select i, i from generate_series(1, 4) i`
  const reading = await startReading(sql, 't', { sort_column: 'at' })
  const first = await reading.chunk(null, { rows: 2 })
  expect(first.rows.map(({ pks }) => pks)).toEqual([['1'], ['2']])
  await sql`alter table t rename id to number`
  await sql`alter table t add added int default 7`
  await sql`alter table t alter at drop not null`
  await sql`insert into t values (5, null)`
  const second = await reading.chunk(first.cursor, { rows: 10 })
  expect(second.rows.map(({ record }) => JSON.parse(record))).toEqual([
    { number: 3, at: 3, added: 7 },
    { number: 4, at: 4, added: 7 },
  ])
  expect(second.done).toBe(false)
  const third = await reading.chunk(second.cursor, { rows: 10 })
  expect(third.rows.map(({ pks }) => pks)).toEqual([['5']])
  expect(third.done).toBe(true)
})
