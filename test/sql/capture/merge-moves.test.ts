// Rows that a merge moves to another partition: Postgres shows them to no trigger of its updates.
import type postgres from 'postgres'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { capture, delivered, events } from './capturing.ts'

let database: TestDatabase
let sql: postgres.Sql
let sink: number
let version: number

/** Partitions in another column order than the root's, with dropped columns, and a level below. */
beforeEach(async (context) => {
  database = await createDatabase()
  sql = database.sql
  const [server] = await sql<[{ version: number }]>`
    select current_setting('server_version_num')::int / 10000 as version`
  version = server.version
  if (version < 15) context.skip('merge came with Postgres 15')
  await sql.unsafe(`
    create table m (region text, id int, n int, at timestamptz default '2026-01-01Z', primary key (region, id))
      partition by list (region);
    create table m_eu partition of m for values in ('eu');
    create table m_us (gone int, n int, id int not null, at timestamptz, region text not null);
    alter table m_us drop gone;
    alter table m attach partition m_us for values in ('us');
    create table m_rest partition of m default partition by range (id);
    create table m_low partition of m_rest for values from (0) to (1000);
    create table m_high partition of m_rest for values from (1000) to (2000)`)
  sink = await capture(sql, { name: 'm', filter: 'n >= 0', exclude_columns: ['at'] })
  await sql`insert into m values ('eu', 1, 1), ('eu', 2, 2), ('us', 3, 3), ('xx', 4, 4), ('xx', 1005, 5)`
})

/** The messages since the rows of the beginning, as short lines. */
async function messages(after = 5): Promise<string[]> {
  const { messages: all, stale, errors } = await delivered(sql, sink)
  expect([stale, [...errors]]).toEqual([[], []])
  return all
    .filter(({ id }) => id > after)
    .map(({ action, pks, record, changes }) =>
      [action, pks.join(':'), record!.n, ...(changes === null ? [] : [JSON.stringify(changes)])].join(' '),
    )
}

const setting = async () =>
  (await sql<{ value: string | null }[]>`select current_setting('rowhook.moves', true) as value`)[0]!.value

const moveAll = `
  merge into m using (values (1), (2), (3), (4)) v(id) on m.id = v.id
  when matched and m.id = 4 then do nothing
  when matched and m.id = 2 then update set n = 20
  when matched then update set region = case region when 'eu' then 'us' else 'eu' end, n = m.n + 10`

describe('a merge that only updates', () => {
  test('sends rows that it moves as one update each, like those that stay', async () => {
    await sql.unsafe(moveAll)
    expect(await messages()).toEqual([
      'u us:1 11 {"region":"eu","n":1}',
      'u eu:3 13 {"region":"us","n":3}',
      'u eu:2 20 {"n":2}',
    ])
    expect((await events(sql, 5))[0]).toMatchObject({
      action: 'u',
      pks: ['us', '1'],
      old_pks: ['eu', '1'],
      record: '{"region":"us","id":1,"n":11}',
    })
    expect(await setting()).toBeOneOf([null, ''])
  })

  test('judges moved rows by the filter, before and after', async () => {
    await capture(sql, { name: 'm', filter: "old.region = 'eu' and n > 10", exclude_columns: ['at'] })
    await sql.unsafe(moveAll)
    expect(await messages()).toEqual(['u us:1 11 {"region":"eu","n":1}', 'u eu:2 20 {"n":2}'])
  })

  test.each([
    [
      'on a partitioned partition',
      'merge into m_rest m using (select 4 id) v on m.id = v.id when matched then update set id = 1004',
      ['u xx:1004 4 {"id":4}'],
    ],
    [
      'in a function',
      "create function f() returns void language plpgsql as $f$ begin merge into m using (select 1 id) v on m.id = v.id when matched then update set region = 'us'; end $f$; select f()",
      ['u us:1 1 {"region":"eu"}'],
    ],
    [
      'in a function in SQL',
      "create function f() returns void language sql as $f$ merge into m using (select 1 id) v on m.id = v.id when matched then update set region = 'us' $f$; ---; select f()",
      ['u us:1 1 {"region":"eu"}'],
    ],
    [
      'in a function of the new kind',
      'create function "F 1"() returns void begin atomic; merge into m using (select 1 id) v on m.id = v.id when matched then update set region = \'us\'; end; ---; select "F 1"()',
      ['u us:1 1 {"region":"eu"}'],
    ],
    [
      'in a dynamic statement',
      "do $f$ begin execute 'MER' || 'GE into m using (select 1 id) v on m.id = v.id when matched then update set region = ''us'''; end $f$",
      ['u us:1 1 {"region":"eu"}'],
    ],
    [
      'prepared',
      "prepare p as merge into m using (select 1 id) v on m.id = v.id when matched then update set region = 'us'; ---; execute p",
      ['u us:1 1 {"region":"eu"}'],
    ],
    [
      'prepared, and executed by a function',
      "prepare p as merge into m using (select 1 id) v on m.id = v.id when matched then update set region = 'us'; ---; do $f$ begin execute 'execute p'; end $f$",
      ['u us:1 1 {"region":"eu"}'],
    ],
    [
      'prepared, and executed by a function in SQL',
      "prepare p as merge into m using (select 1 id) v on m.id = v.id when matched then update set region = 'us'; create function f() returns void language sql as 'execute p' ---; select f()",
      ['u us:1 1 {"region":"eu"}'],
    ],
    [
      'explained',
      "explain analyze merge into m using (select 1 id) v on m.id = v.id when matched then update set region = 'us'",
      ['u us:1 1 {"region":"eu"}'],
    ],
    [
      'with others in one text',
      "update m set region = 'us' where id = 1; merge into m using (select 2 id) v on m.id = v.id when matched then update set region = 'us'; update m set region = 'xx' where id = 3",
      ['u us:1 1 {"region":"eu"}', 'u us:2 2 {"region":"eu"}', 'u xx:3 3 {"region":"us"}'],
    ],
    [
      'under an exception that is caught',
      "do $f$ begin begin merge into m using (select 1 id) v on m.id = v.id when matched then update set region = 'us'; raise 'no'; exception when raise_exception then null; end; merge into m using (select 2 id) v on m.id = v.id when matched then update set region = 'us'; update m set region = 'eu' where id = 2; end $f$",
      ['u us:2 2 {"region":"eu"}', 'u eu:2 2 {"region":"us"}'],
    ],
  ])('%s', async (_, text, expected) => {
    // a text of several statements is one query to Postgres; those apart are sent apart
    await sql.begin(async (tx) => {
      for (const query of text.split('---;')) await tx.unsafe(query)
      expect(await tx`select current_setting('rowhook.moves', true) as value`).toEqual([
        { value: expect.toBeOneOf([null, '']) },
      ])
    })
    expect(await messages()).toEqual(expected)
  })

  test('of a table with values whose text depends on the session, and merge in its name', async () => {
    await sql.unsafe(`
      create table merge_requests (part int, id int, cash money, at timestamptz, span interval, f float8, b bytea, j json, a int[],
        primary key (part, id)) partition by list (part);
      create table merge_requests_1 partition of merge_requests for values in (1);
      create table merge_requests_2 partition of merge_requests for values in (2)`)
    const requests = await capture(sql, { name: 'merge_requests' }, 'requests')
    await sql`insert into merge_requests values
      (1, 1, 1234.5, '2026-01-01Z', '-1 day 02:03', 0.1::float8 + 0.2, '\\x00ff', '{"b" : 1, "b":2}', '[2:3]={1,2}')`
    await sql.begin(async (tx) => {
      await tx.unsafe(
        "set local extra_float_digits = -15; set local datestyle = 'SQL, DMY'; set local timezone = 'Asia/Kolkata'; set local bytea_output = escape; set local intervalstyle = sql_standard",
      )
      await tx`merge into merge_requests m using (select 1 id) v on m.id = v.id when matched then update set part = 2`
    })
    const [inserted, moved] = await events(sql, 5)
    expect(moved).toMatchObject({
      record: inserted!.record!.replace('"part":1', '"part":2'),
      changes: '{"part":1}',
    })
    expect(moved!.undecided).toEqual([requests])
    await sql`update merge_requests set part = 1`
    expect((await events(sql, 5)).at(-1)).toMatchObject({ undecided: null, changes: '{"part":2}' })
  })

  test('of a writer without rights on rowhook, under settings that change output', async () => {
    await sql.begin(async (tx) => {
      await tx.unsafe(
        'create role writer; grant select, update, insert, delete on m to writer; set local role writer',
      )
      await tx.unsafe(
        "set local extra_float_digits = -15; set local datestyle = 'SQL, DMY'; set local timezone = 'Asia/Kolkata'; set local bytea_output = escape",
      )
      await tx.unsafe(moveAll)
      await tx.unsafe('reset role; revoke all on m from writer; drop role writer')
    })
    expect(await messages()).toHaveLength(3)
  })
})

describe('a merge that also inserts', () => {
  test('sends updates for rows that it moves, and inserts for those that it inserts', async () => {
    await sql`
      merge into m using (values (1, 'us'), (2, 'eu'), (7, 'eu'), (4, 'us'), (8, 'yy')) v(id, region) on m.id = v.id
      when matched then update set region = v.region, n = m.n + 10
      when not matched then insert (region, id, n) values (v.region, v.id, 0)`
    expect((await messages()).toSorted()).toEqual([
      'i eu:7 0',
      'i yy:8 0',
      'u eu:2 12 {"n":2}',
      'u us:1 11 {"region":"eu","n":1}',
      'u us:4 14 {"region":"xx","n":4}',
    ])
  })

  test('and inserts alone, where nothing moves, stay with the compiled code', async () => {
    await sql`
      merge into m using (values (1), (7)) v(id) on m.id = v.id
      when matched then update set n = m.n + 10 when not matched then insert values ('us', v.id, -1)`
    expect((await events(sql, 5)).map(({ action, undecided }) => [action, undecided])).toEqual([['u', null]])
  })
})

describe('a merge that also deletes', () => {
  test('sends a delete and an insert for rows that it moves', async () => {
    await sql`
      merge into m using (values (1), (2), (3)) v(id) on m.id = v.id
      when matched and m.id = 2 then delete
      when matched then update set region = 'us'`
    expect((await messages()).toSorted()).toEqual(['d eu:1 1', 'd eu:2 2', 'i us:1 1'])
  })

  test('and inserts, too', async () => {
    await sql`
      merge into m using (values (1), (2), (9), (3)) v(id) on m.id = v.id
      when matched and m.id = 2 then delete
      when matched then update set region = 'us'
      when not matched then insert values ('eu', v.id, 9)`
    expect((await messages()).toSorted()).toEqual(['d eu:1 1', 'd eu:2 2', 'i eu:9 9', 'i us:1 1'])
  })

  test('sends no update for what it deletes and inserts to a sink that wants no deletes', async () => {
    sink = await capture(sql, { name: 'm', actions: ['insert', 'update'] })
    await sql`
      merge into m using (values (2), (9)) v(id) on m.id = v.id
      when matched and m.id = 2 then delete
      when matched then update set region = 'us'
      when not matched then insert values ('us', v.id, 9)`
    expect(await messages()).toEqual(['i us:9 9'])
  })
})

describe('a merge beside other writes of one statement', () => {
  test.for([
    "with b as (insert into m values ('us', 30, 3) returning id) merge into m using b on m.id = 1 when matched then update set region = 'us'",
    "with b as (merge into m using (select 1) on m.id = 1 when matched then update set region = 'us' returning m.id) insert into m select 'us', 30, 3 from b",
    "with b as (merge into m using (select 1) on m.id = 1 when matched then update set region = 'us' returning m.id), c as (insert into m select 'us', 30, 3 returning id) select from b, c",
  ])('%s', async (text, context) => {
    if (text.includes('(merge') && version < 17) context.skip('with … as (merge …) came with Postgres 17')
    await sql.unsafe(text)
    expect((await messages()).toSorted()).toEqual(['i us:30 3', 'u us:1 1 {"region":"eu"}'])
  })
})

describe('a merge behind another one in the same transaction', () => {
  test('takes no row that was deleted for one that moved, and no row that moved for one that comes', async () => {
    await sql.begin(async (tx) => {
      await tx`merge into m using (values (2)) v(id) on m.id = v.id
        when matched and n > 100 then update set n = 1 when matched then delete`
      await tx`merge into m using (values (9)) v(id) on m.id = v.id
        when matched then update set n = 1 when not matched then insert values ('us', v.id, 9)`
      await tx`merge into m using (values (1)) v(id) on m.id = v.id when matched then update set region = 'us'`
      await tx`delete from m where id = 1`
      await tx`insert into m values ('us', 1, 1)`
    })
    // all in one text has one level, and one time
    await sql.unsafe(`
      merge into m using (values (1)) v(id) on m.id = v.id when matched then update set region = 'eu';
      delete from m where id = 1;
      insert into m values ('eu', 1, 1);
      insert into m_us (region, id, n) values ('us', 1, 1)`)
    expect(await messages()).toEqual([
      'd eu:2 2',
      'i us:9 9',
      'u us:1 1 {"region":"eu"}',
      'd us:1 1',
      'i us:1 1',
      'u eu:1 1 {"region":"us"}',
      'd eu:1 1',
      'i eu:1 1',
      'i us:1 1',
    ])
  })
})

describe('what looks like a merge', () => {
  test.each([
    ["update m set region = 'us' where id = 1 /* merge */", ['u us:1 1 {"region":"eu"}']],
    [
      "with a as (update m set region = 'us', n = 7 where id = 1 returning *), b as (insert into m select 'eu', 10, n from a returning *) delete from m using b where m.id = 2 and 'merge' <> ''",
      ['d eu:2 2', 'i eu:10 7', 'u us:1 7 {"region":"eu","n":1}'],
    ],
    [
      "create function merge_m() returns void language sql as $f$ update m set region = 'us' where id < 3 $f$; ---; select merge_m()",
      ['u us:1 1 {"region":"eu"}', 'u us:2 2 {"region":"eu"}'],
    ],
    [
      "insert into m values ('us', 3, 30), ('eu', 11, 0) on conflict (region, id) do update set region = 'eu', n = excluded.n /* merge */",
      ['i eu:11 0', 'u eu:3 30 {"region":"us","n":3}'],
    ],
  ])('%s', async (text, expected) => {
    const run = text.split('---;')
    if (text.includes('on conflict')) {
      // Postgres moves no row in an on conflict
      await expect(sql.unsafe(text)).rejects.toThrow('invalid ON UPDATE specification')
      return
    }
    for (const query of run) await sql.unsafe(query)
    expect((await messages()).toSorted()).toEqual(expected)
  })
})

describe('a merge among other writes', () => {
  test('with statements of triggers in between, for each row on either side', async () => {
    await sql.unsafe(`
      create table trail (line text);
      create function before_in() returns trigger language plpgsql as $f$ begin
        if pg_trigger_depth() < 2 then delete from m where region = 'xx' and id = 4 and new.id = 1; insert into m values ('xx', 100 + new.id, 0); end if;
        return new; end $f$;
      create function after_out() returns trigger language plpgsql as $f$ begin
        if pg_trigger_depth() < 2 then
          merge into m using (select 200 + old.id id) v on false when not matched then insert values ('eu', v.id, 0);
          update m set region = 'us' where id = 200 + old.id;
          delete from m where id = 200 + old.id;
          insert into m values ('us', 200 + old.id, 1);
          merge into m using (select 200 + old.id id) v on m.id = v.id when matched then update set region = 'eu';
        end if;
        return null; end $f$;
      create trigger before_in before insert on m_us for each row execute function before_in();
      create trigger after_out after delete on m_eu for each row execute function after_out()`)
    await sql`merge into m using (values (1), (2)) v(id) on m.id = v.id when matched then update set region = 'us'`
    const list = await messages()
    expect(list.toSorted()).toEqual(
      [
        'd xx:4 4',
        ...[1, 2].flatMap((id) => [
          `i xx:${100 + id} 0`,
          `u us:${id} ${id} {"region":"eu"}`,
          `i eu:${200 + id} 0`,
          `u us:${200 + id} 0 {"region":"eu"}`,
          `d us:${200 + id} 0`,
          `i us:${200 + id} 1`,
          `u eu:${200 + id} 1 {"region":"us"}`,
        ]),
      ].toSorted(),
    )
    for (const id of [201, 202])
      expect(list.filter((line) => line.includes(`:${id} `))).toEqual([
        `i eu:${id} 0`,
        `u us:${id} 0 {"region":"eu"}`,
        `d us:${id} 0`,
        `i us:${id} 1`,
        `u eu:${id} 1 {"region":"us"}`,
      ])
  })

  test('a merge in a function that a merge calls', async () => {
    await sql.unsafe(`
      create function inner_merge() returns int language plpgsql as $f$ begin
        delete from m where id = 4;
        insert into m values ('eu', 50, 0);
        merge into m using (select 3 id) v on m.id = v.id when matched then update set region = 'eu';
        return 5; end $f$`)
    await sql`merge into m using (values (1), (2)) v(id) on m.id = v.id
      when matched and m.id = 1 then update set region = 'us', n = inner_merge()
      when matched then update set region = 'us'`
    expect(await messages()).toEqual([
      'd xx:4 4',
      'i eu:50 0',
      'u eu:3 3 {"region":"us"}',
      'u us:1 5 {"region":"eu","n":1}',
      'u us:2 2 {"region":"eu"}',
    ])
  })

  test('of two tables in one transaction, with annotations', async () => {
    await sql.begin(async (tx) => {
      await tx`select rowhook.annotate('{"by": 7}')`
      await tx.unsafe(moveAll)
    })
    expect((await events(sql, 5)).map(({ annotations }) => annotations)).toEqual(Array(3).fill('{"by": 7}'))
  })

  test('thousands of rows, each once and in order', async () => {
    await sql`insert into m select 'eu', i, i from generate_series(10000, 12999) i`
    const before = (await events(sql)).length
    await sql`merge into m using generate_series(10000, 12999) v(id) on m.region = 'eu' and m.id = v.id
      when matched then update set region = 'us', n = m.n + 1`
    const [counted] = await sql`
      select count(*)::int, count(distinct pks)::int as rows, bool_and(in_order) as in_order from (
        select pks, (pks[2]::int > lag(pks[2]::int) over (order by id)) is not false as in_order
        from rowhook.event where id > ${before} and action = 'u') e`
    expect(counted).toEqual({ count: 3_000, rows: 3_000, in_order: true })
  })

  test('many in one transaction leave no more behind than one', async () => {
    const merges = (count: number) =>
      sql.begin(async (tx) => {
        for (let i = 0; i < count; i++)
          await tx`merge into m using (select 1) v on id = 1 when matched then update set region = case region when 'eu' then 'us' else 'eu' end`
        return tx`select current_setting('rowhook.merged') as value`
      })
    expect(await merges(3)).toEqual(await merges(1))
  })

  test('equal rows of a table without a key each count', async () => {
    await sql.unsafe(`
      create table k (a int, b int) partition by list (a);
      create table k1 partition of k for values in (1);
      create table k2 partition of k for values in (2)`)
    const keyless = await capture(sql, { name: 'k' }, 'keyless')
    await sql`insert into k values (1, 1), (1, 1), (1, 1), (2, 1)`
    await sql`merge into k using (values (1)) v(a) on k.a = v.a when matched then update set a = 2
      when not matched then insert values (2, 1)`
    await sql`merge into k using (values (2), (3)) v(a) on k.a = v.a and v.a = 2 when matched then update set a = 1
      when not matched then insert values (1, 1)`
    const list = (await delivered(sql, keyless)).messages.slice(4)
    expect(
      list
        .map(({ action, record, changes }) => JSON.stringify([action, record!.a, changes?.a ?? null]))
        .toSorted(),
    ).toEqual(['["i",1,null]', ...Array(4).fill('["u",1,2]'), ...Array(3).fill('["u",2,1]')])
    // and none of one that stays, and has become equal
    await sql`delete from k`
    await sql`insert into k values (1, 1), (2, 0)`
    const last = await sql<[{ id: number }]>`select rowhook.last_event_id()::int as id`
    await sql`merge into k using (values (1), (2)) v(a) on k.a = v.a when matched then update set a = 2, b = 1`
    expect((await events(sql, last[0].id)).map(({ changes }) => changes)).toEqual(['{"a":1}', '{"b":0}'])
  })
})

describe('whatever stands in the way', () => {
  test.each([
    [
      'columns named like our own',
      `create table o (at1 int, row2 int, n3 int, "(at)" int, "rowhook_new as" int, "from new_rows m" int, m int, x int, "%I" int, "\\'""" int, primary key (at1, m)) partition by list (m)`,
      'at1',
    ],
    [
      'a setting that takes no piece of XML',
      'create table o (id int, m int, v xml default $$<a/>b$$, primary key (id, m)) partition by list (m)',
      'id',
    ],
  ])('%s', async (_, table, id) => {
    await sql.unsafe(
      `${table}; create table o1 partition of o for values in (1); create table o2 partition of o for values in (2)`,
    )
    const other = await capture(sql, { name: 'o' }, 'o')
    await sql.unsafe(`insert into o (${id}, m) values (1, 1), (2, 2)`)
    await sql.unsafe(`set local xmloption = document; merge into o using (values (1), (2), (3)) v(i) on o.${id} = v.i
      when matched then update set m = 2 when not matched then insert (${id}, m) values (v.i, 1)`)
    const list = (await delivered(sql, other)).messages.slice(2)
    expect(list.map(({ action, pks, changes }) => [action, pks, changes])).toEqual([
      ['u', ['1', '2'], { m: 1 }],
      ['i', ['3', '1'], null],
    ])
  })

  test('catalogs that are closed to the writer fail no update', async () => {
    await sql.unsafe(`
      create role no_catalogs;
      grant select, update on m to no_catalogs;
      create function f() returns void language sql as 'update m set n = 7 where id = 1';
      revoke select on pg_proc, pg_prepared_statements from public;
      set local role no_catalogs;
      select f();
      prepare p as update m set n = 8 where id = 1;
      execute p;
      reset role;
      drop owned by no_catalogs;
      drop role no_catalogs;
      grant select on pg_proc, pg_prepared_statements to public`)
    expect(await messages()).toEqual(['u eu:1 7 {"n":1}', 'u eu:1 8 {"n":7}'])
  })

  test('rows of more than a text can hold are kept in several', async () => {
    const [kept] = await sql.begin(async (tx) => {
      for (const row of [1, 2, 3])
        await tx`select rowhook.keep_moved('7_1', format('[1,%s,2,"%s"]', ${row}::int, repeat('x', 70000000)))`
      await tx`select rowhook.keep_moved('7_1', '[1,4,2,""]')`
      return tx`select array_agg(m.old_row order by m.at) as rows, (select count(*)::int from rowhook.moved_parts('7_1')) as parts
        from rowhook.moved('7_1') m`
    })
    expect(kept).toEqual({ rows: ['1', '2', '3', '4'], parts: 4 })
  })
})

describe('any merge', () => {
  const regions = ['eu', 'us', 'xx', 'yy']
  const rows = fc.uniqueArray(
    fc.record({ id: fc.integer({ min: 0, max: 11 }), region: fc.constantFrom(...regions), n: fc.nat(3) }),
    { selector: ({ id }) => id, maxLength: 8 },
  )
  interface Row {
    id: number
    region: string
    n: number
  }

  test('is captured as what it has changed', { timeout: 60_000 }, async () => {
    const state = async () =>
      new Map((await sql<Row[]>`select id, region, n from m order by id`).map((row) => [row.id, row]))
    await fc.assert(
      fc.asyncProperty(
        rows,
        rows,
        fc.subarray(['insert', 'delete']),
        fc.boolean(),
        async (there, asked, also, inFunction) => {
          await sql`truncate m`
          for (const { id, region, n } of there) await sql`insert into m values (${region}, ${id}, ${n})`
          const before = await state()
          const [last] = await sql<[{ id: number }]>`select rowhook.last_event_id()::int as id`
          const merge = `merge into m using (values (-1, '', 0)${asked.map(({ id, region, n }) => `, (${id}, '${region}', ${n})`).join('')}) v(id, region, n)
          on m.id = v.id
          ${also.includes('delete') ? 'when matched and v.n = 0 then delete' : ''}
          when matched then update set region = v.region, n = v.n
          ${also.includes('insert') ? 'when not matched and v.id >= 0 then insert (region, id, n) values (v.region, v.id, v.n)' : ''}`
          await (inFunction ? sql.unsafe(`do $do$ begin ${merge}; end $do$`) : sql.unsafe(merge))
          const after = await state()
          const expected: string[] = []
          for (const id of new Set([...before.keys(), ...after.keys()])) {
            const [old, now] = [before.get(id), after.get(id)]
            if (old === undefined) expected.push(`i ${now!.region}:${id} ${now!.n}`)
            else if (now === undefined) expected.push(`d ${old.region}:${id} ${old.n}`)
            else if (also.includes('delete') && leafOf(old.region) !== leafOf(now.region))
              expected.push(`d ${old.region}:${id} ${old.n}`, `i ${now.region}:${id} ${now.n}`)
            else if (old.region !== now.region || old.n !== now.n)
              expected.push(
                `u ${now.region}:${id} ${now.n} ${JSON.stringify({ ...(old.region !== now.region && { region: old.region }), ...(old.n !== now.n && { n: old.n }) })}`,
              )
          }
          expect((await messages(last.id)).toSorted()).toEqual(expected.toSorted())
        },
      ),
      { numRuns: 60 },
    )
  })

  const leafOf = (region: string) => (['eu', 'us'].includes(region) ? region : 'rest')
})

describe('a table that changes', () => {
  test('a column renamed, added and dropped since', async () => {
    await sql`alter table m rename n to number`
    await sql`alter table m add extra int default 3`
    await sql`merge into m using (select 1 id) v on m.id = v.id when matched then update set region = 'us'`
    await sql`alter table m drop extra`
    await sql`merge into m using (select 2 id) v on m.id = v.id when matched then update set region = 'us'`
    const { messages: all } = await delivered(sql, sink)
    expect(all.slice(5).map(({ record, changes }) => [record, changes])).toEqual([
      [{ region: 'us', id: 1, number: 1, extra: 3 }, { region: 'eu' }],
      [{ region: 'us', id: 2, number: 2 }, { region: 'eu' }],
    ])
  })

  test('a partition that was attached just now, and one that lost its triggers, fail nothing', async () => {
    await sql`create table m_zz partition of m for values in ('zz')`
    await sql`merge into m using (select 1 id) v on m.id = v.id when matched then update set region = 'zz'
      when not matched then insert values ('eu', 6, 6)`
    // what there was before: the insert of the moved row is all that shows
    await sql`select rowhook.refresh('m')`
    await sql`merge into m using (select 2 id) v on m.id = v.id when matched then update set region = 'zz'`
    expect((await messages()).at(-1)).toBe('u zz:2 2 {"region":"eu"}')
    await sql`alter table m_us disable trigger "00_rowhook_merge_insert"`
    await sql`merge into m using (select 2 id) v on m.id = v.id when matched then update set region = 'us'`
    expect(await setting()).toBeOneOf([null, ''])
    await sql`alter table m_us enable trigger "00_rowhook_merge_insert"`
    await sql`merge into m using (select 2 id) v on m.id = v.id when matched then update set region = 'eu'`
    expect((await messages()).at(-1)).toBe('u eu:2 2 {"region":"us"}')
  })

  test('a partition that was detached sends nothing', async () => {
    await sql`alter table m detach partition m_rest`
    await sql`merge into m_rest m using (select 4 id) v on m.id = v.id when matched then update set id = 1004`
    expect(await messages()).toEqual([])
    expect(await setting()).toBeOneOf([null, ''])
  })

  test('a table that was captured before there were such triggers gets them by a refresh', async () => {
    await sql`drop function rowhook.moves_1 cascade`
    await sql`drop function rowhook.merges_1 cascade`
    await sql`select rowhook.refresh_changed()`
    await sql`merge into m using (select 1 id) v on m.id = v.id when matched then update set region = 'us'`
    expect(await messages()).toEqual(['u us:1 1 {"region":"eu"}'])
  })

  test('a table that no sink names any more keeps none of the triggers', async () => {
    await sql`delete from rowhook.sink`
    await sql`select rowhook.release_source(1)`
    expect(await sql`select from pg_trigger where tgname like '00\_rowhook%'`).toHaveLength(0)
    await sql.unsafe(moveAll)
  })
})
