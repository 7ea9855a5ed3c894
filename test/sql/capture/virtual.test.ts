// Virtual generated columns (Postgres 18): Postgres computes them when they are read, capture when the row is written.
import type postgres from 'postgres'
import { beforeEach, describe, expect, test } from 'vitest'
import { resolveTables } from '../../../src/capture/tables.ts'
import { InputError } from '../../../src/errors.ts'
import { createDatabase } from '../../support/database.ts'
import { capture, delivered, events, lines } from './capturing.ts'

let sql: postgres.Sql

beforeEach(async (context) => {
  sql = (await createDatabase()).sql
  const [server] = await sql<[{ version: number }]>`
    select current_setting('server_version_num')::int as version`
  context.skip(server.version < 180_000, 'virtual columns are new in Postgres 18')
})

/** What is true of the verdicts besides the messages. */
async function sent(sink: number): Promise<{ messages: string[]; errors: string[] }> {
  const { messages, errors } = await delivered(sql, sink)
  return {
    messages: messages.map((m) => `${m.action} ${JSON.stringify(m.record)} ${JSON.stringify(m.changes)}`),
    errors: [...errors.values()],
  }
}

describe('a virtual column that raises', () => {
  test('raises in no statement, and is null where it does', async () => {
    await sql`create table v (id int primary key, a int, b int generated always as (10 / a) virtual)`
    const sink = await capture(sql, { name: 'v' })
    await sql`insert into v (id, a) values (1, 0)`
    await sql`insert into v (id, a) values (2, 5), (3, 0), (4, 2)`
    await sql`update v set a = 0 where id = 2`
    await sql`update v set a = 1 where id = 2`
    await sql`update v set a = a + 1`
    await sql`delete from v where id = 1`
    await sql`update v set a = 0`
    await sql`delete from v`
    expect(await sent(sink)).toEqual({
      messages: [
        'i {"id":1,"a":0,"b":null} null',
        'i {"id":2,"a":5,"b":2} null',
        'i {"id":3,"a":0,"b":null} null',
        'i {"id":4,"a":2,"b":5} null',
        'u {"id":2,"a":0,"b":null} {"a":5,"b":2}',
        'u {"id":2,"a":1,"b":10} {"a":0,"b":null}',
        'u {"id":1,"a":1,"b":10} {"a":0,"b":null}',
        'u {"id":3,"a":1,"b":10} {"a":0,"b":null}',
        'u {"id":4,"a":3,"b":3} {"a":2,"b":5}',
        'u {"id":2,"a":2,"b":5} {"a":1,"b":10}',
        'd {"id":1,"a":1,"b":10} null',
        'u {"id":3,"a":0,"b":null} {"a":1,"b":10}',
        'u {"id":4,"a":0,"b":null} {"a":3,"b":3}',
        'u {"id":2,"a":0,"b":null} {"a":2,"b":5}',
        'd {"id":3,"a":0,"b":null} null',
        'd {"id":4,"a":0,"b":null} null',
        'd {"id":2,"a":0,"b":null} null',
      ],
      errors: [],
    })
    expect((await events(sql)).map((e) => e.pks[0]).join('')).toBe('12342213421342342')
  })

  test('leaves other statements to compiled code', async () => {
    await sql`create table v (id int primary key, a int, b int generated always as (10 / a) virtual)`
    const sink = await capture(sql, { name: 'v', filter: 'b > 1 and 4 / id > 0', group_by: ['b'] })
    await sql`insert into v (id, a) values (1, 5), (2, 10)`
    await sql`update v set a = 2 where id = 1`
    await sql`update v set a = a + 1`
    await sql`delete from v`
    expect((await events(sql)).map((e) => [e.sinks, e.undecided, e.groups, e.record])).toEqual([
      [[sink], null, ['2'], '{"id":1,"a":5,"b":2}'],
      [[sink], null, ['5'], '{"id":1,"a":2,"b":5}'],
      [[sink], null, ['3'], '{"id":1,"a":3,"b":3}'],
      [[sink], null, ['3'], '{"id":1,"a":3,"b":3}'],
    ])
  })

  test('discards a row for a sink whose filter names it, on the side on which it raised', async () => {
    await sql`create table v (id int primary key, a int, b int generated always as (10 / a) virtual)`
    const now = await capture(sql, { name: 'v', filter: 'b > 3' }, 'now')
    const before = await capture(sql, { name: 'v', filter: 'old.b > 3' }, 'before')
    const other = await capture(sql, { name: 'v', filter: 'a < 9', exclude_columns: ['b'] }, 'other')
    await sql`insert into v (id, a) values (1, 0), (2, 2), (3, 9)`
    await sql`update v set a = 1 where id = 1`
    await sql`update v set a = 0 where id = 1`
    await sql`delete from v where id = 1`
    expect(await sent(now)).toEqual({
      messages: ['i {"id":2,"a":2,"b":5} null', 'u {"id":1,"a":1,"b":10} {"a":0,"b":null}'],
      errors: Array.from({ length: 3 }, () => 'column b: division by zero'),
    })
    expect(await sent(before)).toEqual({
      messages: ['u {"id":1,"a":0,"b":null} {"a":1,"b":10}'],
      errors: ['column b: division by zero', 'column b: division by zero'],
    })
    expect((await delivered(sql, other)).messages).toHaveLength(5)
    const [{ hidden }] = await sql<[{ hidden: string[][] }]>`
      select jsonb_agg(rowhook.hidden_names(s.columns, '{3}', (e.extra).shape, e.id, e.record) order by e.id) as hidden
      from rowhook.event e join rowhook.source s on s.id = e.source_id`
    expect(hidden).toEqual(hidden.map(() => ['b']))
  })

  test('is not computed where nobody wants it', async () => {
    await sql`create table v (id int primary key, a int, b int generated always as (10 / a) virtual)`
    const sink = await capture(sql, { name: 'v', exclude_columns: ['b'] })
    await sql`insert into v (id, a) values (1, 0), (2, 0)`
    await sql`update v set a = 1 where id = 1`
    await sql`update v set a = 0 where id = 1`
    await sql`update v set id = id + 10`
    await sql`delete from v`
    const stored = await events(sql)
    expect(stored.map((e) => e.sinks)).toEqual(stored.map(() => [sink]))
    expect(lines(stored)).toEqual([
      'i 1 {"id":1,"a":0}',
      'i 2 {"id":2,"a":0}',
      'u 1 {"id":1,"a":1} {"a":0}',
      'u 1 {"id":1,"a":0} {"a":1}',
      'u 12 {"id":12,"a":0} {"id":2}',
      'u 11 {"id":11,"a":0} {"id":1}',
      'd 12 {"id":12,"a":0}',
      'd 11 {"id":11,"a":0}',
    ])
    const [{ code }] = await sql<[{ code: string }]>`
      select prosrc as code from pg_proc where proname ~ '^capture_\\d+$'`
    expect(code).not.toContain('10 / a')
  })

  test('raises in no statement behind an alteration, in partitions, and beside other names', async () => {
    await sql`create table "V v" (id int, "A" int, k text, primary key (id, k)) partition by list (k)`
    await sql`create table p1 (k text not null, gone int, "A" int, id int not null)`
    await sql`alter table p1 drop gone`
    await sql`alter table "V v" attach partition p1 for values in ('x')`
    await sql`create table p2 partition of "V v" default`
    const sink = await capture(sql, { name: '"V v"', filter: '"A" is not null' })
    await sql`alter table "V v" add "'B" numeric(5, 2) generated always as (10.0 / "A") virtual`
    await sql`insert into "V v" (id, "A", k) values (1, 0, 'x'), (2, 4, 'y')`
    await sql`select rowhook.refresh('"V v"')`
    await sql`insert into p1 (id, "A", k) values (3, 0, 'x'), (4, 4, 'x')`
    await sql`alter table "V v" rename to w`
    await sql`update w set "A" = 0`
    expect((await sent(sink)).messages).toEqual([
      `i {"id":1,"A":0,"k":"x","'B":null} null`,
      `i {"id":2,"A":4,"k":"y","'B":2.5} null`,
      `i {"id":3,"A":0,"k":"x","'B":null} null`,
      `i {"id":4,"A":4,"k":"x","'B":2.5} null`,
      `u {"id":4,"A":0,"k":"x","'B":null} {"A":4,"'B":2.5}`,
      `u {"id":2,"A":0,"k":"y","'B":null} {"A":4,"'B":2.5}`,
    ])
  })

  test.each([
    ["coalesce(t, '') || '!' || upper(u)", false],
    ['case when n > 3 and t is distinct from u then n::bigint end', false],
    ["t in ('a', 'b') or u = any (array['x'])", false],
    ["j ->> 'a'", false],
    ['n::text || length(t)::text', false],
    ['n + 1', true],
    ['t::int', true],
    ['left(t, 3)', false],
    ["t like 'a%'", true],
    ['(j ->> 0)::numeric', true],
    ['t::varchar(3)', true],
    ['t collate "C" < u', false],
    ['n::smallint', true],
    ['row(n, t) = row(1, u)', false],
    ['array[n] = array[1]', true],
    ['md5(t)', true],
    ["split_part(t, ',', n)", true],
  ])('%s: may raise is %s', async (expression, expected) => {
    await sql.unsafe(`create table v (id int, n int, t text, u text, j jsonb)`)
    const [{ type }] = await sql<[{ type: string }]>`
      select pg_typeof(x)::text as type from ${sql.unsafe(`(select ${expression} as x from (select null::int as n, null::text as t, null::text as u, null::jsonb as j) v)`)} y`
    await sql.unsafe(`alter table v add b ${type} generated always as (${expression}) virtual`)
    const [{ raises }] = await sql<[{ raises: boolean }]>`
      select rowhook.may_raise(adbin::text) as raises from pg_attrdef where adrelid = 'v'::regclass`
    expect(raises).toBe(expected)
  })
})

describe('a virtual column that names tableoid', () => {
  const tag = "generated always as (tableoid::text || ':' || n) virtual"

  test('is computed of a table that stands alone, and after a rename', async () => {
    await sql.unsafe(`create table v (id int primary key, n text, b text ${tag})`)
    const sink = await capture(sql, { name: 'v', filter: "b like '%:x'" })
    const [{ oid }] = await sql<[{ oid: string }]>`select 'v'::regclass::oid::text as oid`
    await sql`insert into v (id, n) values (1, 'x'), (2, 'y')`
    await sql`update v set id = 3 where n = 'x'`
    await sql`alter table v rename n to m`
    await sql`update v set id = id + 10`
    expect((await sent(sink)).messages).toEqual([
      `i {"id":1,"n":"x","b":"${oid}:x"} null`,
      `u {"id":3,"n":"x","b":"${oid}:x"} {"id":1}`,
      `u {"id":13,"m":"x","b":"${oid}:x"} {"id":3}`,
    ])
    expect(await sql`select fault from rowhook.source`).toEqual([{ fault: null }])
  })

  test('and raises, raises in no statement', async () => {
    await sql`create table v (id int primary key, n int, b int generated always as (tableoid::int8::int / n) virtual)`
    const sink = await capture(sql, { name: 'v' })
    await sql`insert into v (id, n) values (1, 0), (2, 2147483647)`
    expect((await sent(sink)).messages).toEqual([
      'i {"id":1,"n":0,"b":null} null',
      'i {"id":2,"n":2147483647,"b":0} null',
    ])
  })

  test('cannot be captured of a table with partitions or children: it has to be excluded', async () => {
    await sql.unsafe(`create table p (id int primary key, n text, b text ${tag}) partition by range (id)`)
    await sql`create table p1 partition of p default`
    const why =
      'column b of public.p is computed from tableoid, and triggers do not see in which partition or child of a table a row lies'
    const refused = async (table: object, history = false) =>
      resolveTables(sql, [{ name: 'p', ...table }], { history }).catch((e: unknown) =>
        e instanceof InputError ? e.problems : e,
      )
    expect(await refused({})).toEqual([
      { path: 'tables[0].exclude_columns', message: `${why}; exclude the column` },
    ])
    expect(await refused({ exclude_columns: ['b'], filter: "b > ''", group_by: ['b'] })).toEqual([
      { path: 'tables[0].filter', message: `${why}; leave it out of the filter` },
      { path: 'tables[0].group_by', message: `${why}; leave it out of group_by` },
    ])
    expect(await refused({}, true)).toMatchObject([{ name: 'public.p' }])
    await capture(sql, { name: 'p', exclude_columns: ['b'] })
    await sql`insert into p (id, n) values (1, 'x')`
    expect(lines(await events(sql))).toEqual(['i 1 {"id":1,"n":"x"}'])
  })

  test('that comes later is null; everything else is captured as before', async () => {
    await sql`create table p (id int primary key, n text) partition by range (id)`
    await sql`create table p1 partition of p default`
    const sink = await capture(sql, { name: 'p', filter: "n = 'x'" })
    await sql.unsafe(`alter table p add b text ${tag}`)
    await sql`insert into p (id, n) values (1, 'x'), (2, 'y')`
    await sql`select rowhook.refresh('p')`
    await sql`update p set id = 3 where n = 'x'`
    await sql`update p1 set id = 4 where n = 'x'`
    expect((await events(sql)).slice(2).map((e) => [e.sinks, e.undecided])).toEqual([
      [[sink], null],
      [[sink], null],
    ])
    expect((await sent(sink)).messages).toEqual([
      'i {"id":1,"n":"x","b":null} null',
      'u {"id":3,"n":"x","b":null} {"id":1}',
      'u {"id":4,"n":"x","b":null} {"id":3}',
    ])
  })

  test('and that a filter names makes the sink stale, when its table gets a child', async () => {
    await sql.unsafe(`create table v (id int primary key, n text, b text ${tag})`)
    await capture(sql, { name: 'v', filter: "b like '%:x'" })
    await sql`create table w () inherits (v)`
    await sql`select rowhook.refresh('v')`
    expect((await sql`select stale_reason from rowhook.sink_table`)[0]!['stale_reason']).toBe(
      'column b of public.v, which filter names, is computed from tableoid, and triggers do not see in which partition or child of a table a row lies; edit filter and save the sink',
    )
  })
})
