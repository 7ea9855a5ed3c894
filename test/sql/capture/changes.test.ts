import type postgres from 'postgres'
import { beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { capture, events, lines } from './capturing.ts'

let sql: postgres.Sql

beforeEach(async () => {
  sql = (await createDatabase()).sql
})

async function orders(): Promise<number> {
  await sql`create table orders (id int primary key, customer int, status text, price numeric(10,2))`
  return capture(sql, { name: 'orders' })
}

describe('every kind of statement', () => {
  test('an insert stores the row, an update its old values, a delete the old row', async () => {
    const sink = await orders()
    await sql`insert into orders values (1, 7, 'new', 10), (2, 7, null, 20.5)`
    await sql`update orders set status = 'paid' where id = 2`
    await sql`delete from orders where id = 1`
    const stored = await events(sql)
    expect(lines(stored)).toEqual([
      'i 1 {"id":1,"customer":7,"status":"new","price":10.00}',
      'i 2 {"id":2,"customer":7,"status":null,"price":20.50}',
      'u 2 {"id":2,"customer":7,"status":"paid","price":20.50} {"status":null}',
      'd 1 {"id":1,"customer":7,"status":"new","price":10.00}',
    ])
    for (const e of stored)
      expect(e).toMatchObject({ sinks: [sink], undecided: null, groups: null, shape: null })
  })

  test('a statement of many rows pairs old and new rows, changed keys included', async () => {
    await orders()
    await sql`insert into orders select i, i % 10, 'new', i from generate_series(1, 1000) i`
    await sql`update orders set id = 3000 - id, price = price + id`
    const updates = (await events(sql)).filter((e) => e.action === 'u')
    expect(updates).toHaveLength(1000)
    for (const { pks, old_pks, record, changes } of updates) {
      const now = JSON.parse(record!) as { id: number; price: number }
      const before = JSON.parse(changes!) as { id: number; price: number }
      expect(now).toMatchObject({ id: 3000 - before.id, price: before.price + before.id })
      expect([pks, old_pks]).toEqual([[String(now.id)], [String(before.id)]])
    }
  })

  test('on conflict captures inserts and updates apart', async () => {
    await orders()
    await sql`insert into orders values (1, 1, 'a', 1)`
    await sql`insert into orders values (1, 1, 'b', 1), (2, 1, 'c', 1), (3, 1, 'd', 1)
      on conflict (id) do update set status = excluded.status`
    await sql`insert into orders values (1, 1, 'z', 1) on conflict do nothing`
    expect(
      lines(await events(sql))
        .map((line) => line.slice(0, 3))
        .toSorted(),
    ).toEqual(['i 1', 'i 2', 'i 3', 'u 1'])
  })

  test('merge captures each of its actions', async (context) => {
    const [{ version }] = await sql<
      [{ version: number }]
    >`select current_setting('server_version_num')::int as version`
    if (version < 150_000) context.skip('merge came with Postgres 15')
    await orders()
    await sql`insert into orders values (1, 1, 'a', 1), (2, 1, 'b', 1)`
    await sql`
      merge into orders o using (values (1, 'x'), (2, null), (3, 'new')) v(id, status) on o.id = v.id
      when matched and v.status is null then delete
      when matched then update set status = v.status
      when not matched then insert values (v.id, 1, v.status, 1)`
    const merged = (await events(sql)).slice(2)
    expect(lines(merged).toSorted()).toEqual([
      'd 2 {"id":2,"customer":1,"status":"b","price":1.00}',
      'i 3 {"id":3,"customer":1,"status":"new","price":1.00}',
      'u 1 {"id":1,"customer":1,"status":"x","price":1.00} {"status":"a"}',
    ])
  })

  test('copy is captured', async () => {
    await orders()
    const stream = await sql`copy orders from stdin`.writable()
    await new Promise<void>((resolve, reject) => {
      stream.on('error', reject).on('finish', resolve)
      stream.end('1\t7\tnew\t3\n2\t7\t\\N\t4\n')
    })
    expect(lines(await events(sql))).toEqual([
      'i 1 {"id":1,"customer":7,"status":"new","price":3.00}',
      'i 2 {"id":2,"customer":7,"status":null,"price":4.00}',
    ])
  })

  test('a writable CTE that changes several tables, and one table in several ways, is captured whole', async () => {
    await sql`create table a (id int primary key, n int)`
    await sql`create table b (id int primary key, n int)`
    await sql`insert into a values (1, 1), (2, 2)`
    await capture(sql, [{ name: 'a' }, { name: 'b' }])
    await sql`
      with gone as (delete from a where id = 1 returning *),
           added as (insert into a values (3, 3) returning *),
           moved as (insert into b select * from gone returning *)
      update a set n = n * 10 where id = 2`
    const stored = await events(sql)
    expect(stored.map((e) => `${e.table_name} ${lines([e])[0]}`).toSorted()).toEqual([
      'a d 1 {"id":1,"n":1}',
      'a i 3 {"id":3,"n":3}',
      'a u 2 {"id":2,"n":20} {"n":2}',
      'b i 1 {"id":1,"n":1}',
    ])
  })

  test('foreign keys that cascade, set null and follow an update are captured on the tables that they reach', async () => {
    await sql`create table parent (id int primary key)`
    await sql`create table child (id int primary key, parent int references parent on delete cascade on update cascade)`
    await sql`create table leaf (id int primary key, child int references child on delete set null)`
    await capture(sql, [{ name: 'parent' }, { name: 'child' }, { name: 'leaf' }])
    await sql`insert into parent values (1)`
    await sql`insert into child values (10, 1)`
    await sql`insert into leaf values (100, 10)`
    await sql`update parent set id = 2`
    await sql`delete from parent`
    const stored = (await events(sql)).slice(3)
    expect(stored.map((e) => `${e.table_name} ${lines([e])[0]}`)).toEqual([
      'parent u 2 {"id":2} {"id":1}',
      'child u 10 {"id":10,"parent":2} {"parent":1}',
      'parent d 2 {"id":2}',
      'child d 10 {"id":10,"parent":2}',
      'leaf u 100 {"id":100,"child":null} {"child":10}',
    ])
  })

  test('truncate is captured where a sink asks for it', async () => {
    await sql`create table a (id int primary key)`
    await sql`create table b (id int primary key)`
    await capture(sql, [{ name: 'a', actions: ['truncate'] }, { name: 'b' }])
    await sql`insert into a values (1)`
    await sql`truncate a, b`
    expect(await events(sql)).toMatchObject([
      { table_name: 'a', action: 't', record: null, changes: null, pks: [] },
    ])
  })

  test('what was rolled back, to a savepoint or whole, is not there', async () => {
    await orders()
    await sql.begin(async (tx) => {
      await tx`insert into orders values (1, 1, 'kept', 1)`
      await tx
        .savepoint(async (inner) => {
          await inner`insert into orders values (2, 1, 'lost', 1)`
          throw new Error('back')
        })
        .catch(() => {})
    })
    await sql
      .begin(async (tx) => {
        await tx`insert into orders values (3, 1, 'lost', 1)`
        throw new Error('back')
      })
      .catch(() => {})
    expect((await events(sql)).map((e) => e.pks)).toEqual([['1']])
  })

  test('a statement that changes no row stores nothing', async () => {
    await orders()
    await sql`update orders set status = 'x'`
    await sql`delete from orders`
    expect(await events(sql)).toEqual([])
  })
})

describe('what changed', () => {
  test('an update that changes nothing is not stored, unless the sink asks for it', async () => {
    await orders()
    await sql`insert into orders values (1, 1, 'a', 1)`
    await sql`update orders set status = 'a', price = 1.00`
    expect(await events(sql)).toHaveLength(1)
    await capture(sql, { name: 'orders', unchanged: true })
    await sql`update orders set status = 'a'`
    expect((await events(sql)).at(-1)).toMatchObject({ action: 'u', changes: '{}' })
  })

  test('a column has changed when its text differs, even where Postgres calls the values equal', async () => {
    await sql`create table t (id int primary key, n numeric, f float8, i interval, j jsonb, x json, b box)`
    await sql`insert into t values (1, 1.0, 0, '1 day', '{"a":1.0}', '{"a":1}', '(1,1),(0,0)')`
    await capture(sql, { name: 't' })
    await sql`update t set n = 1.00, f = '-0', i = '24:00:00', j = '{"a":1.00}', x = '{"a": 1}', b = '(2,0.5),(1,-0.5)'`
    expect((await events(sql))[0]!.changes).toBe(
      '{"n":1.0,"f":0,"i":"1 day","j":{"a": 1.0},"x":{"a":1},"b":"(1,1),(0,0)"}',
    )
    await sql`update t set n = n, f = f, i = i, j = j, x = x, b = b`
    expect(await events(sql)).toHaveLength(1)
  })

  test('columns that a sink excludes do not count for it, and are stored only where another sink wants them', async () => {
    await sql`create table people (id int primary key, name text, password text, seen int)`
    const one = await capture(sql, { name: 'people', exclude_columns: ['password', 'seen'] }, 'one')
    const two = await capture(sql, { name: 'people', exclude_columns: ['password'] }, 'two')
    await sql`insert into people values (1, 'a', 'secret', 1)`
    await sql`update people set password = 'other'`
    await sql`update people set seen = 2`
    await sql`update people set name = 'b', password = 'third'`
    expect((await events(sql)).map((e) => [e.sinks, e.record, e.changes])).toEqual([
      [[one, two], '{"id":1,"name":"a","seen":1}', null],
      [[two], '{"id":1,"name":"a","seen":2}', '{"seen":1}'],
      [[one, two], '{"id":1,"name":"b","seen":2}', '{"name":"a"}'],
    ])
  })

  test('a column that is excluded but filtered by is kept, for verdicts that are made later', async () => {
    await sql`create table people (id int primary key, tenant int, name text)`
    await capture(sql, { name: 'people', filter: 'tenant = 1', exclude_columns: ['tenant', 'name'] })
    await sql`insert into people values (1, 1, 'a'), (2, 2, 'b')`
    expect((await events(sql)).map((e) => e.record)).toEqual(['{"id":1,"tenant":1}'])
  })
})

describe('groups', () => {
  test('the default group is the key, in its own column order', async () => {
    await sql`create table t (b text, a int, n int, primary key (a, b))`
    await capture(sql, { name: 't' })
    await sql`insert into t values ('x:y', 1, 1)`
    await sql`update t set a = 2`
    expect(await events(sql)).toMatchObject([
      { pks: ['1', 'x:y'], groups: null },
      { pks: ['2', 'x:y'], old_pks: ['1', 'x:y'], groups: null, old_groups: null },
    ])
  })

  test('without a primary key it is the replica identity index, without either there is none', async () => {
    await sql`create table t (a int not null unique, b int not null unique)`
    await sql`create table none (a int)`
    await sql`alter table t replica identity using index t_b_key`
    await capture(sql, [{ name: 't' }, { name: 'none' }])
    await sql`insert into t values (1, 2)`
    await sql`insert into none values (1)`
    expect((await events(sql)).map((e) => e.pks)).toEqual([['2'], []])
  })

  test('a group of columns is kept per sink, with the one before an update that changed it', async () => {
    await sql`create table t (id int primary key, customer int, region text)`
    const byKey = await capture(sql, { name: 't' }, 'key')
    const byCustomer = await capture(sql, { name: 't', group_by: ['customer', 'region'] }, 'customer')
    const unordered = await capture(sql, { name: 't', group_by: [] }, 'unordered')
    await sql`insert into t values (1, 7, null)`
    await sql`update t set region = 'eu'`
    await sql`update t set id = 2`
    expect(await events(sql)).toMatchObject([
      { sinks: [byKey, byCustomer, unordered], groups: [null, '7:', ''], old_groups: null },
      { groups: [null, '7:eu', ''], old_groups: [null, '7:', null] },
      { groups: [null, '7:eu', ''], old_groups: null, old_pks: ['1'] },
    ])
  })
})

describe('triggers and functions of the user', () => {
  test('what a row trigger changes in the same table is captured after the change that set it off', async () => {
    await sql`create table t (id int primary key, n int)`
    await sql`create function bump() returns trigger language plpgsql as $$
      begin
        if new.n < 3 then update t set n = n + 1 where id = new.id; end if;
        return null;
      end $$`
    await sql`create trigger a_bump after insert or update on t for each row execute function bump()`
    await capture(sql, { name: 't' })
    await sql`insert into t values (1, 1), (2, 1)`
    for (const id of ['1', '2']) {
      const own = (await events(sql)).filter((e) => e.pks[0] === id)
      expect(lines(own)).toEqual([
        `i ${id} {"id":${id},"n":1}`,
        `u ${id} {"id":${id},"n":2} {"n":1}`,
        `u ${id} {"id":${id},"n":3} {"n":2}`,
      ])
    }
  })

  test('a trigger that came later is noticed by a refresh', async () => {
    await sql`create table t (id int primary key, n int)`
    await capture(sql, { name: 't' })
    await sql`create function bump() returns trigger language plpgsql as $$
      begin update t set n = n + 1 where id = new.id and n < 3; return null; end $$`
    await sql`create trigger a_bump after insert on t for each row execute function bump()`
    await sql`select rowhook.refresh_changed()`
    await sql`insert into t values (1, 1)`
    expect(lines(await events(sql))).toEqual(['i 1 {"id":1,"n":1}', 'u 1 {"id":1,"n":2} {"n":1}'])
  })

  test('a table that cascades to itself keeps the order of its rows', async () => {
    await sql`create table t (id int primary key, parent int references t on update cascade)`
    await sql`insert into t values (1, 1)`
    await capture(sql, { name: 't' })
    await sql`update t set id = 2`
    expect(lines(await events(sql))).toEqual([
      'u 2 {"id":2,"parent":1} {"id":1}',
      'u 2 {"id":2,"parent":2} {"parent":1}',
    ])
  })

  test('what before triggers and generated columns made of a row is what is captured', async () => {
    await sql`create table t (id int generated always as identity primary key, a int,
      twice int generated always as (a * 2) stored)`
    await sql`create function set_a() returns trigger language plpgsql as $$ begin new.a := 21; return new; end $$`
    await sql`create trigger set_a before insert on t for each row execute function set_a()`
    await capture(sql, { name: 't', filter: 'twice = 42' })
    await sql`insert into t (a) values (1)`
    expect(lines(await events(sql))).toEqual(['i 1 {"id":1,"a":21,"twice":42}'])
  })

  test('virtual columns are computed, for filters, records and changes', async (context) => {
    const [{ version }] = await sql<
      [{ version: number }]
    >`select current_setting('server_version_num')::int as version`
    if (version < 180_000) context.skip('virtual columns came with Postgres 18')
    await sql`create table t (id int primary key, raised int, "n.a" int generated always as (raised * 2) virtual)`
    await capture(sql, { name: 't', filter: '"n.a" > 2' })
    await sql`insert into t values (1, 1), (2, 2)`
    await sql`update t set raised = 3 where id = 2`
    expect(lines(await events(sql))).toEqual([
      'i 2 {"id":2,"raised":2,"n.a":4}',
      'u 2 {"id":2,"raised":3,"n.a":6} {"raised":2,"n.a":4}',
    ])
  })
})

describe('names', () => {
  test('any name that Postgres takes is captured, those of our own code included', async () => {
    const names = [
      'n',
      'o',
      'r',
      'x',
      'capture',
      'raised',
      'generic',
      'before',
      'rowhook_new',
      'rowhook_row',
      'sinks',
      'wanted',
      'tg_op',
      'new',
      'old',
      'select',
      'Größe',
      'a"b',
      "it's",
      'back\\slash',
      '$capture$',
      '%1$s',
      'c1',
      '🐘',
      ' ',
      'ctidx',
    ]
    const list = names.map((name) => `"${name.replaceAll('"', '""')}" int`).join(', ')
    await sql.unsafe(
      `create schema "Sch""ema"; create table "Sch""ema"."Ta ble.x" (id int primary key, ${list})`,
    )
    const filter = names.map((name) => `"${name.replaceAll('"', '""')}" is not null`).join(' and ')
    await capture(sql, { name: '"Sch""ema"."Ta ble.x"', filter, group_by: ['Größe', "it's"] })
    await sql.unsafe(`insert into "Sch""ema"."Ta ble.x" values (1${', 1'.repeat(names.length)})`)
    await sql.unsafe(`update "Sch""ema"."Ta ble.x" set "a""b" = 2, "n" = 2`)
    await sql.unsafe(
      `insert into "Sch""ema"."Ta ble.x" select i${', i'.repeat(names.length)} from generate_series(2, 3) i`,
    )
    await sql.unsafe(`update "Sch""ema"."Ta ble.x" set "🐘" = 9 where id > 1`)
    const stored = await events(sql)
    expect(stored.map((e) => e.action)).toEqual(['i', 'u', 'i', 'i', 'u', 'u'])
    expect(JSON.parse(stored[0]!.record!)).toEqual({
      id: 1,
      ...Object.fromEntries(names.map((name) => [name, 1])),
    })
    expect(JSON.parse(stored[1]!.changes!)).toEqual({ n: 1, 'a"b': 1 })
    expect(JSON.parse(stored[4]!.changes!)).toEqual({ '🐘': 2 })
    expect(stored[0]!.groups).toEqual(['1:1'])
  })

  test('dropped columns leave no trace, whatever came after them', async () => {
    await sql`create table t (a int, id int primary key, b text, c text)`
    await sql`alter table t drop a, drop b`
    await sql`alter table t add d int`
    await capture(sql, { name: 't', exclude_columns: ['c'] })
    await sql`insert into t values (1, 'x', 2), (2, 'y', 3)`
    await sql`update t set d = 5`
    expect(lines(await events(sql))).toEqual([
      'i 1 {"id":1,"d":2}',
      'i 2 {"id":2,"d":3}',
      'u 1 {"id":1,"d":5} {"d":2}',
      'u 2 {"id":2,"d":5} {"d":3}',
    ])
  })

  test('a table of 1,600 columns is captured', async () => {
    const columns = Array.from({ length: 1599 }, (_, i) => `c${i} int`).join(', ')
    await sql.unsafe(`create table wide (id int primary key, ${columns})`)
    await capture(sql, { name: 'wide', filter: 'c1598 > 1' })
    await sql`insert into wide (id, c0, c1598) values (1, 1, 2)`
    await sql`update wide set c0 = 3`
    expect((await events(sql)).map((e) => e.changes)).toEqual([null, '{"c0":1}'])
  })
})

describe('annotations', () => {
  test('stand on the changes of their transaction that come after them, and nowhere else', async () => {
    await orders()
    await sql.begin(async (tx) => {
      await tx`insert into orders values (1, 1, 'a', 1)`
      await tx`select rowhook.annotate('{"user_id": 7}')`
      await tx`insert into orders values (2, 1, 'a', 1)`
      await tx`select rowhook.annotate(null)`
      await tx`insert into orders values (3, 1, 'a', 1)`
    })
    await sql`insert into orders values (4, 1, 'a', 1)`
    expect((await events(sql)).map((e) => e.annotations)).toEqual([null, '{"user_id": 7}', null, null])
  })

  test('anything but an object is refused, with a hint', async () => {
    await expect(sql`select rowhook.annotate('[1]')`).rejects.toMatchObject({
      message: 'annotations must be a JSON object, not array',
      hint: expect.stringContaining('rowhook.annotate') as string,
    })
  })
})
