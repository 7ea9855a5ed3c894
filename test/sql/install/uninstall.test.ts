import type postgres from 'postgres'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { uninstall } from '../../../src/db/uninstall.ts'
import { installSql } from '../../support/command.ts'
import { type TestDatabase, createDatabase } from '../../support/database.ts'

test('--uninstall removes the triggers and schemas, and nothing of the user', async () => {
  const database = await createDatabase()
  const before = await objects(await bare(database))
  const { sql, url } = database
  await capture(sql, 'orders')
  await capture(sql, '"Odd ""name"""')
  expect(await installSql(['--uninstall'], { DATABASE_URL: url })).toEqual({
    code: 0,
    stdout: `removed 2 triggers from public."Odd ""name"""
removed 2 triggers from public.orders
removed the schema rowhook
removed the schema rowhook_worker
rowhook is removed
`,
    stderr: '',
  })
  const left = await sql`select tgname from pg_trigger where not tgisinternal`
  expect(left.map(({ tgname }) => tgname)).toEqual(['mine', 'mine'])
  await sql`drop table orders, "Odd ""name""" cascade`
  await sql`drop function mine`
  expect(await objects(sql)).toEqual(before)
})

test('no write fails while rowhook is removed under traffic', async () => {
  const { sql, url } = await createDatabase()
  const tables = ['one', 'two', 'three']
  for (const table of tables) await capture(sql, table)
  const writers = connect(url, { max: 6 })
  let stop = false
  let writes = 0
  const write = async (table: string) => {
    while (!stop) {
      await writers.begin(async (tx) => {
        await tx`insert into ${tx(table)} values (1)`
        await tx`update ${tx(table)} set id = 2 where id = 1`
        await tx`delete from ${tx(table)}`
      })
      writes += 3
    }
  }
  const traffic = [...tables, ...tables].map(write)
  const lines: string[] = []
  await uninstall(sql, (line) => lines.push(line))
  const after = writes + 100
  while (writes < after) await Promise.race([...traffic, new Promise(setImmediate)])
  stop = true
  await Promise.all(traffic)
  await writers.end()
  expect(lines).toHaveLength(5)
  expect(await sql`select nspname from pg_namespace where nspname like 'rowhook%'`).toEqual([])
})

test('--uninstall waits for a transaction that holds a table, in short attempts', async () => {
  const { sql } = await createDatabase()
  await capture(sql, 'orders')
  const holder = await sql.reserve()
  await holder`begin`
  await holder`insert into orders values (1)`
  const removal = uninstall(sql, () => {})
  // Others write on meanwhile: they never queue up behind more than one attempt.
  for (let n = 0; n < 5; n += 1) await sql`insert into orders values (2)`
  await holder`commit`
  holder.release()
  await removal
  expect(await sql`select count(*)::int as rows from orders`).toEqual([{ rows: 6 }])
})

test('--uninstall refuses while something of the user is built upon rowhook, and names it', async () => {
  const { sql, url } = await createDatabase()
  await sql`create view my_sinks as select name from rowhook.sink`
  await sql`create table watched (sink rowhook.sink)`
  expect(await installSql(['--uninstall'], { DATABASE_URL: url })).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^install-sql: .*public\.my_sinks.* depends on rowhook's schemas; drop what depends on them, .*\n$/,
    ),
  })
  expect(await sql`select count(*)::int as n from rowhook.sink`).toEqual([{ n: 0 }])
})

test('--uninstall of a database without rowhook says that there is nothing to remove', async () => {
  const { url } = await createDatabase({ template: false })
  expect(await installSql(['--uninstall'], { DATABASE_URL: url })).toEqual({
    code: 0,
    stdout: 'rowhook is not installed: nothing to remove\n',
    stderr: '',
  })
})

/** A table with triggers that look like ours, and one of the user's. */
async function capture(sql: postgres.Sql, table: string): Promise<void> {
  await sql.unsafe(`
    create table ${table} (id int);
    create or replace function rowhook.capture_test() returns trigger language plpgsql security definer as $$
    begin
      insert into rowhook.event (source_id, action, captured_at, sinks, pks)
      values (1, lower(left(tg_op, 1))::"char", now(), '{1}', '{}');
      return null;
    end $$;
    create or replace function mine() returns trigger language plpgsql as 'begin return null; end';
    create trigger "00 first" after insert on ${table} execute function rowhook.capture_test();
    create trigger "it's" after update or delete on ${table} execute function rowhook.capture_test();
    create trigger mine after insert on ${table} execute function mine()`)
}

/** A pool to an empty database of the same server. */
async function bare(like: TestDatabase): Promise<postgres.Sql> {
  expect(like.name).not.toBe('')
  return (await createDatabase({ template: false })).sql
}

/** Names of everything that a database holds. */
async function objects(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select 'relation ' || oid::regclass::text as name from pg_class
      where relnamespace not in ('pg_toast'::regnamespace, 'pg_catalog'::regnamespace)
    union all select 'function ' || oid::regprocedure::text from pg_proc
      where pronamespace <> 'pg_catalog'::regnamespace
    union all select 'schema ' || nspname from pg_namespace where nspname !~ '^pg_'
    order by 1`
  return rows.map(({ name }) => name)
}
