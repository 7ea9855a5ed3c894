import { describe, expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { resolveTables } from '../../../src/capture/tables.ts'
import { createDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { ordinaryRole, withDatabase } from '../../support/template.ts'
import { capture, delivered, events, lines } from './capturing.ts'

/** Runs work as a role that may log in and owns nothing. */
async function asOrdinary<T>(
  { adminUrl, name }: TestDatabase,
  work: (sql: ReturnType<typeof connect>) => Promise<T>,
): Promise<T> {
  const sql = connect(withDatabase(adminUrl, name, ordinaryRole), { max: 1 })
  try {
    return await work(sql)
  } finally {
    await sql.end()
  }
}

describe('a writer without any right on the schema rowhook', () => {
  test('is captured, and can read and write none of it', async () => {
    const database = await createDatabase()
    const { sql } = database
    await sql`create table t (id int primary key, n int)`
    await sql.unsafe(`grant insert, select, update on t to ${ordinaryRole.name}`)
    await capture(sql, { name: 't', filter: '10 / n > 0' })
    await asOrdinary(database, async (own) => {
      await own`insert into t values (1, 1), (2, 0)`
      await expect(own`select * from rowhook.event`).rejects.toThrow('permission denied')
      await expect(own`select rowhook.capture_1()`).rejects.toThrow('permission denied')
    })
    // also where the compiled code no longer fits, and the generic capture reads our tables
    await sql`alter table t rename n to m`
    await asOrdinary(database, (own) => own`insert into t values (3, 1)`)
    expect(lines(await events(sql))).toEqual([
      'i 1 {"id":1,"n":1}',
      'i 2 {"id":2,"n":0}',
      'i 3 {"id":3,"m":1}',
    ])
  })
})

describe('an owner without any attribute', () => {
  test('installs, captures and releases its own tables', async () => {
    const { sql } = await createDatabase({ role: 'ordinary' })
    await sql`create table t (id int primary key, at timestamptz default '2026-01-01Z')`
    const sink = await capture(sql, { name: 't' })
    await sql`insert into t values (1)`
    await sql`alter table t rename at to seen`
    await sql`insert into t values (2)`
    expect((await delivered(sql, sink)).messages.map((m) => m.record)).toEqual([
      { id: 1, at: '2026-01-01T00:00:00+00:00' },
      { id: 2, seen: '2026-01-01T00:00:00+00:00' },
    ])
  })

  test('captures the table of another role when it may create triggers on it, and is told the grant when not', async () => {
    const database = await createDatabase({ role: 'ordinary' })
    const { sql } = database
    const admin = connect(database.adminUrl, { max: 1 })
    await admin`create schema shop`
    await admin`create table shop.t (id int primary key)`
    await expect(resolveTables(sql, [{ name: 'shop.t' }])).rejects.toThrow(
      'role ordinary may not use schema shop; as its owner, run: grant usage on schema shop to ordinary',
    )
    await admin.unsafe('grant usage on schema shop to ordinary')
    await expect(resolveTables(sql, [{ name: 'shop.t' }])).rejects.toThrow(
      'role ordinary may not create triggers on shop.t; as its owner, run: grant trigger on shop.t to ordinary',
    )
    await admin.unsafe('grant trigger on shop.t to ordinary')
    await capture(sql, { name: 'shop.t', filter: 'id > 1' })
    await admin`insert into shop.t values (1), (2)`
    expect((await events(sql)).map((e) => [e.pks, e.undecided])).toEqual([[['2'], null]])
    const [released] = await sql`select rowhook.release_source(1)`
    expect(released).toEqual({ release_source: false })
    await sql`delete from rowhook.sink`
    await sql`select rowhook.release_source(1)`
    expect(await admin`select from pg_trigger where tgrelid = 'shop.t'::regclass`).toHaveLength(0)
    await admin.end()
  })
})

describe('code of a user', () => {
  // Whatever of theirs runs inside of our function would run as its owner, here a superuser.
  async function trap(database: TestDatabase): Promise<void> {
    await database.sql.unsafe(
      `create schema evil authorization ${ordinaryRole.name}; create table public.trapped (who text); grant all on trapped to public`,
    )
  }

  test('that shadows built-in functions, operators, types and tables does not run', async () => {
    const database = await createDatabase()
    const { sql } = database
    await trap(database)
    await sql`create table t (id int primary key, name text, at timestamptz default now())`
    await sql.unsafe(`grant all on t to ${ordinaryRole.name}`)
    await capture(sql, {
      name: 't',
      filter: "id > 0 and name in ('a', 'b') and at between '2000-01-01' and '2100-01-01'",
      group_by: ['name'],
    })
    await asOrdinary(database, async (own) => {
      for (const body of [
        'evil.row_to_json(record) returns json',
        'evil.clock_timestamp() returns timestamptz',
        'evil.current_setting(text, boolean) returns text',
        'evil.array_to_string(anyarray, text) returns text',
        'evil.to_json(anyelement) returns json',
        'evil.eq(text, text) returns boolean',
        'evil.gt(int, int) returns boolean',
        'evil.ge(timestamptz, timestamptz) returns boolean',
      ]) {
        await own.unsafe(`create function ${body} language plpgsql as $$
          begin insert into public.trapped values (current_user); return null; end $$`)
      }
      await own.unsafe(`create operator evil.= (leftarg = text, rightarg = text, function = evil.eq)`)
      await own.unsafe(`create operator evil.> (leftarg = int, rightarg = int, function = evil.gt)`)
      await own.unsafe(
        `create operator evil.>= (leftarg = timestamptz, rightarg = timestamptz, function = evil.ge)`,
      )
      await own.unsafe(`create temporary table pg_class (a int); create temporary table event (a int)`)
      await own.unsafe(`set search_path = evil, pg_temp, pg_catalog, public`)
      await own.unsafe(`insert into public.t values (1, 'a'), (2, 'c')`)
      await own.unsafe(`update public.t set name operator(pg_catalog.||) 'b' = 'b'`).catch(() => {})
      await own.unsafe(`update public.t set name = 'b'`)
    })
    await sql`alter table t rename name to title`
    await asOrdinary(database, async (own) => {
      await own.unsafe(`set search_path = evil, pg_temp, pg_catalog, public`)
      await own.unsafe(`update public.t set title = 'a'`)
    })
    expect(await sql`select * from trapped`).toEqual([])
    expect((await events(sql)).map((e) => e.pks[0])).toEqual(['1', '1', '2', '1', '2'])
  })

  test('that casts their type to json or text does not run', async () => {
    const database = await createDatabase()
    const { sql } = database
    await trap(database)
    await asOrdinary(database, async (own) => {
      await own.unsafe(`create type evil.mood as enum ('ok', 'bad');
        create table evil.t (mood evil.mood primary key, list evil.mood[], n int)`)
    })
    const sink = await capture(sql, {
      name: 'evil.t',
      filter: "mood = 'bad' and mood::text like 'b%'",
      group_by: ['mood', 'list'],
    })
    await asOrdinary(database, async (own) => {
      await own.unsafe(`insert into evil.t values ('bad', '{ok,bad}', 1)`)
      for (const target of ['json', 'text', 'int']) {
        await own.unsafe(`create function evil.to_${target}(evil.mood) returns ${target} language plpgsql as $$
            begin insert into public.trapped values (current_user); return null; end $$;
          create cast (evil.mood as ${target}) with function evil.to_${target}(evil.mood)`)
      }
    })
    // a new session, and so plans of after the casts
    await asOrdinary(database, async (own) => {
      await own.unsafe(`update evil.t set list = '{}', n = 2`)
      await own.unsafe(`alter table evil.t rename n to m`)
      await own.unsafe(`update evil.t set m = 3`)
    })
    const { messages, errors } = await delivered(sql, sink)
    expect(errors.size).toBe(0)
    expect(await sql`select * from trapped`).toEqual([])
    expect(messages.map((m) => [m.group, m.record, m.changes])).toEqual([
      ['bad:{ok,bad}', { mood: 'bad', list: ['ok', 'bad'], n: 1 }, null],
      ['bad:{}', { mood: 'bad', list: [], n: 2 }, { list: ['ok', 'bad'], n: 1 }],
      ['bad:{}', { mood: 'bad', list: [], m: 3 }, { m: 2 }],
    ])
  })

  test('that makes comparing their type ambiguous fails no write and loses nothing', async () => {
    const database = await createDatabase()
    const { sql } = database
    await trap(database)
    await asOrdinary(database, (own) =>
      own.unsafe(
        `create type evil.mood as enum ('ok', 'bad'); create table evil.t (id int primary key, mood evil.mood)`,
      ),
    )
    const sink = await capture(sql, { name: 'evil.t', filter: "mood = 'bad'" })
    await asOrdinary(database, async (own) => {
      for (const target of ['text', 'int']) {
        await own.unsafe(`create function evil.to_${target}(evil.mood) returns ${target} language plpgsql as $$
            begin insert into public.trapped values (current_user); return null; end $$;
          create cast (evil.mood as ${target}) with function evil.to_${target}(evil.mood) as implicit`)
      }
    })
    await asOrdinary(database, async (own) => {
      await own.unsafe(`insert into evil.t values (1, 'bad'), (2, 'ok')`)
      await own.unsafe(`update evil.t set mood = 'bad' where id = 2`)
    })
    expect(await sql`select * from trapped`).toEqual([])
    const { messages, stale } = await delivered(sql, sink)
    expect(messages.length + stale.length).toBeGreaterThanOrEqual(2)
  })

  test("in a domain's constraint does not run when a stored record is judged", async () => {
    const database = await createDatabase()
    const { sql } = database
    await trap(database)
    await asOrdinary(database, async (own) => {
      await own.unsafe(`create function evil.ok(int) returns boolean language plpgsql as $$
          begin insert into public.trapped values (current_user); return true; end $$;
        create domain evil.count as int check (evil.ok(value));
        create table evil.t (id int primary key, n evil.count)`)
    })
    const sink = await capture(sql, {
      name: 'evil.t',
      filter: 'n is not null and 1 / id > 0',
      group_by: ['n'],
    })
    await asOrdinary(database, (own) => own.unsafe(`insert into evil.t values (0, 1), (1, 5)`))
    await sql`delete from trapped`
    const { messages, errors } = await delivered(sql, sink)
    expect([messages.map((m) => m.group), [...errors.values()]]).toEqual([['5'], ['division by zero']])
    expect(await sql`select * from trapped`).toEqual([])
  })

  test('a composite that holds their type is refused, unless it is excluded', async () => {
    const database = await createDatabase()
    const { sql } = database
    await trap(database)
    await asOrdinary(database, (own) =>
      own.unsafe(`create type evil.mood as enum ('ok'); create type evil.pair as (a int, b evil.mood);
        create table evil.t (id int primary key, p evil.pair[])`),
    )
    await expect(capture(sql, { name: 'evil.t' })).rejects.toThrow(
      'tables[0].exclude_columns: column p of evil.t holds, inside of evil.pair[], a type whose owner could attach',
    )
    await capture(sql, { name: 'evil.t', exclude_columns: ['p'] })
    await sql`insert into evil.t values (1, array[row(1, 'ok')::evil.pair])`
    expect(lines(await events(sql))).toEqual(['i 1 {"id":1}'])
  })
})
