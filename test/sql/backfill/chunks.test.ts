import { expect, test } from 'vitest'
import { compileFilter } from '../../../src/filter/index.ts'
import { connect } from '../../../src/db/connect.ts'
import { createDatabase } from '../../support/database.ts'
import { startReading } from './reading.ts'

test('a record is the text that capture stores, whatever the reading session has set', async () => {
  const { sql } = await createDatabase()
  await sql`
    create table t (id int primary key, at timestamptz, span interval, bytes bytea, real float8, "row_to_json" char(4), j json, d numeric)`
  await sql`
    insert into t values (1, '2026-03-01 12:00:00.1+02', '1 day 02:00', '\\x00ff', 0.1::float4, 'ab', '{"a": 1,  "b":2}', 1.10)`
  const reading = await startReading(sql, 't')
  await sql`update t set id = id`
  await sql`update t set id = 2`
  const [event] = await sql`select record::text as record, pks from rowhook.event`
  await sql`set timezone = 'Asia/Tokyo'`
  await sql`set datestyle = 'SQL, DMY'`
  await sql`set intervalstyle = 'iso_8601'`
  await sql`set bytea_output = 'escape'`
  await sql`set extra_float_digits = -3`
  const [row] = await reading.rows()
  expect(row!.record).toBe(event!['record'])
  expect(row!.pks).toEqual(event!['pks'])
})

test('columns that no sink needs are not read, and groups are those of capture', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, customer text, region int, secret text)`
  await sql`insert into t values (1, null, 7, 'hidden')`
  const reading = await startReading(sql, 't', {}, [2, 3])
  await sql`update rowhook.sink_table set exclude_columns = '{4}'`
  await sql`select rowhook.refresh('t')`
  expect(await reading.rows()).toEqual([
    { pks: ['1'], grp: ':7', record: '{"id":1,"customer":null,"region":7}', error: null, cursor: null },
  ])
})

const columns = [
  { name: 'id', attnum: 1, type: 'integer', notNull: true },
  { name: 'n', attnum: 2, type: 'integer' },
]

test("the sink's filter and the backfill's own both apply, and progress passes over what they leave out", async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, n int)`
  await sql`insert into t select i, i % 10 from generate_series(1, 100) i`
  const where = await compileFilter("id <= current_date - date '2000-01-01' and id < 90", columns, {
    allowNow: true,
  })
  const filter = await compileFilter('n = 3 and n is distinct from old.n', columns)
  const reading = await startReading(sql, 't', { where: 'id < 90', where_parts: where.parts })
  await sql`update rowhook.sink_table set filter_parts = ${sql.json(filter.parts as never)}`
  const chunks = await reading.chunks({ rows: 20 })
  expect(chunks.flatMap(({ rows }) => rows.map(({ pks }) => pks[0]))).toEqual(
    [3, 13, 23, 33, 43, 53, 63, 73, 83].map(String),
  )
  expect(chunks.map(({ scanned, cursor }) => [scanned, cursor![0]])).toEqual([
    [20, '20'],
    [20, '40'],
    [20, '60'],
    [20, '80'],
    [20, '100'],
    [0, '100'],
  ])
})

test('a filter that raises costs the row on which it does, and names the error', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, n int)`
  await sql`insert into t select i, i % 5 - 2 from generate_series(1, 10) i`
  const filter = await compileFilter('10 / n > 0', columns)
  const reading = await startReading(sql, 't')
  await sql`update rowhook.sink_table set filter_parts = ${sql.json(filter.parts as never)}, filter_can_raise = true`
  await expect(reading.rows()).rejects.toThrow('division by zero')
  const rows = await reading.rows({ guarded: true, rows: 4 })
  expect(rows.map(({ pks, error }) => [pks[0], error])).toEqual([
    ['2', 'division by zero'],
    ['3', null],
    ['4', null],
    ['7', 'division by zero'],
    ['8', null],
    ['9', null],
  ])
})

test('a chunk ends when it has enough bytes, and goes on behind its last row', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, body text)`
  await sql`insert into t select i, repeat(md5(i::text), 4000) from generate_series(1, 40) i`
  const reading = await startReading(sql, 't')
  const chunks = await reading.chunks({ bytes: 1_000_000 })
  expect(chunks.flatMap(({ rows }) => rows)).toHaveLength(40)
  for (const { rows } of chunks) expect(rows.length).toBeLessThanOrEqual(8)
})

test('a chunk ends when it took long enough', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key)`
  await sql`insert into t select generate_series(1, 20)`
  const reading = await startReading(sql, 't')
  expect((await reading.chunk(null, { ms: 0 })).rows).toHaveLength(1)
  expect(await reading.keys({ ms: 0 })).toHaveLength(20)
})

test('rows show exactly what the snapshot sees', async () => {
  const { sql, url } = await createDatabase()
  await sql`create table t (id int primary key)`
  await sql`insert into t values (1)`
  const reading = await startReading(sql, 't')
  const other = connect(url, { max: 1 })
  await other`begin`
  await other`insert into t values (2)`
  const [xid] = await other`select pg_current_xact_id()::text as xid`
  const { rows, snapshot } = await reading.chunk(null)
  await other`commit`
  await other.end()
  expect(rows.map(({ pks }) => pks[0])).toEqual(['1'])
  const [sees] =
    await sql`select pg_visible_in_snapshot(${xid!['xid']}::xid8, ${snapshot}::pg_snapshot) as it`
  expect(sees!['it']).toBe(false)
  expect(await reading.keys()).toEqual(['1', '2'])
})

// truncate and rewriting alter table are not MVCC-safe: with a snapshot from before, all looks empty
test('a table that is being rewritten is waited for, and not taken for empty', async () => {
  const { sql, url } = await createDatabase()
  await sql`create table t (id int primary key)`
  await sql`insert into t select generate_series(1, 100)`
  const reading = await startReading(sql, 't')
  const other = connect(url, { max: 1 })
  await other`begin`
  await other`alter table t alter column id type bigint`
  const read = reading.chunk(null)
  await expect
    .poll(async () => (await sql`select from pg_locks where relation = 't'::regclass and not granted`).length)
    .toBe(1)
  await other`commit`
  await other.end()
  expect((await read).rows).toHaveLength(100)
})

test('a table that stays locked is given up for a while', async () => {
  const { sql, url } = await createDatabase()
  await sql`create table t (id int primary key)`
  const reading = await startReading(sql, 't')
  const other = connect(url, { max: 1 })
  await other`begin`
  await other`lock table t`
  await expect(reading.chunk(null)).rejects.toMatchObject({ code: '55P03' })
  await other.end()
})

test('row security that would hide rows is an error, not a short backfill', async () => {
  const { sql } = await createDatabase({ role: 'ordinary' })
  await sql`create table t (id int primary key, mine boolean)`
  await sql`insert into t select i, i % 2 = 0 from generate_series(1, 10) i`
  const reading = await startReading(sql, 't')
  await sql`alter table t enable row level security`
  await sql`alter table t force row level security`
  await sql`create policy own on t using (mine)`
  await expect(reading.chunk(null)).rejects.toThrow('row-level security')
})

test('a table that waits for an edit of its sink is not read', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key)`
  const reading = await startReading(sql, 't')
  await sql`update rowhook.sink_table set stale_reason = 'column x is gone'`
  expect(await reading.chunk(null)).toMatchObject({ rows: [], done: false, wait: 'column x is gone' })
})

test('a table, column or place in the sink that is gone is an error that names it', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, at date)`
  const reading = await startReading(sql, 't', { sort_column: 'at' })
  await sql`alter table t drop column at`
  await expect(reading.chunk(null)).rejects.toThrow('t has no column at to sort by')
  await sql`drop table t`
  await expect(reading.chunk(null)).rejects.toThrow('table public.t was dropped')
  await sql`delete from rowhook.sink_table`
  await expect(reading.chunk(null)).rejects.toThrow('public.t is no longer a table of the sink')
})

test('columns that are computed when read are in the record', async ({ skip }) => {
  const { sql } = await createDatabase()
  const [server] = await sql`select current_setting('server_version_num')::int as version`
  skip(server!['version'] < 180000, 'virtual columns are new in Postgres 18')
  await sql`create table t (id int primary key, twice int generated always as (id * 2) virtual)`
  await sql`insert into t values (4)`
  expect((await (await startReading(sql, 't')).rows()).map(({ record }) => record)).toEqual([
    '{"id":4,"twice":8}',
  ])
})

test.each(['id int primary key', 'id int'])(
  'a column that is computed when read, and raises, is null in the record, and an error where a filter names it (%s)',
  async (key) => {
    const { sql } = await createDatabase()
    const [server] = await sql`select current_setting('server_version_num')::int as version`
    if (server!['version'] < 180000) return
    await sql.unsafe(`create table t (${key}, n int, b int generated always as (10 / n) virtual)`)
    await sql`insert into t values (1, 0), (2, 2), (3, 9)`
    const reading = await startReading(sql, 't')
    await expect(reading.rows()).rejects.toThrow('division by zero')
    const outcome = async () =>
      (await reading.rows({ guarded: true })).map(({ record, error }) => [record, error])
    expect(await outcome()).toEqual([
      ['{"id":1,"n":0,"b":null}', null],
      ['{"id":2,"n":2,"b":5}', null],
      ['{"id":3,"n":9,"b":1}', null],
    ])
    const integers = ['id', 'n', 'b'].map((name, i) => ({
      name,
      attnum: i + 1,
      type: 'integer',
      notNull: false,
    }))
    const filter = await compileFilter('b > 1', integers)
    await sql`update rowhook.sink_table set filter_parts = ${sql.json(filter.parts as never)}, filter_columns = '{3}'`
    expect(await outcome()).toEqual([
      ['{"id":1,"n":0,"b":null}', 'column b: division by zero'],
      ['{"id":2,"n":2,"b":5}', null],
    ])
    await sql`update rowhook.sink_table set filter_parts = null, filter_columns = '{}', exclude_columns = '{3}'`
    await sql`select rowhook.refresh('t')`
    expect((await reading.rows()).map(({ record }) => record)).toEqual([
      '{"id":1,"n":0}',
      '{"id":2,"n":2}',
      '{"id":3,"n":9}',
    ])
  },
)
