// Postgres lets no statement through a table with both a foreign member that it reaches and triggers with transition
// tables. Whether a partition or child is attached is the user's decision: capture has to give way.
import type postgres from 'postgres'
import { beforeEach, expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { capture, delivered, events, lines } from './capturing.ts'

let sql: postgres.Sql

beforeEach(async () => {
  const database = await createDatabase()
  sql = database.sql
  const { hostname, port, username, password } = new URL(database.adminUrl)
  await sql.unsafe(`
    create extension postgres_fdw;
    create server loop foreign data wrapper postgres_fdw options (host '${hostname}', port '${port}', dbname '${database.name}');
    create user mapping for public server loop options (user '${username}', password '${password}');
    create schema far;
    create table far.t (id int, v text)`)
})

const attach =
  "create foreign table p2 partition of p for values from (100) to (200) server loop options (schema_name 'far', table_name 't')"

async function partitioned(): Promise<number> {
  await sql`create table p (id int, v text) partition by range (id)`
  await sql`create table p1 partition of p for values from (0) to (100)`
  await sql`create table p3 partition of p for values from (200) to (400) partition by range (id)`
  await sql`create table p4 (v text, id int)`
  await sql`alter table p3 attach partition p4 for values from (200) to (300)`
  return capture(sql, { name: 'p', filter: "v <> 'no'" })
}

const staleReason = async () =>
  (await sql<{ stale_reason: string | null }[]>`select stale_reason from rowhook.sink_table`)[0]!.stale_reason

test('a foreign partition that is attached later makes the sink stale, and no write fails; nothing local is lost', async () => {
  const sink = await partitioned()
  await sql.unsafe(attach)
  await expect(sql`insert into p values (101, 'far')`).rejects.toThrow('child foreign tables')
  await sql`select rowhook.refresh_changed()`
  expect(await staleReason()).toBe(
    'table public.p has a foreign member, public.p2, which Postgres does not let triggers with transition tables see; detach it, or take the table out of the sink',
  )
  await sql`insert into p values (1, 'a'), (101, 'far'), (201, 'b'), (2, 'no')`
  await sql`insert into p4 (id, v) values (202, 'direct')`
  await sql`update p set v = v || '!' where id <> 2`
  await sql`update p set id = 3 where id = 202`
  await sql`update p3 set v = 'c'`
  await sql`delete from p where id in (1, 101)`
  expect((await delivered(sql, sink)).messages).toEqual([])
  expect(await sql`select count(*)::int from far.t`).toEqual([{ count: 0 }])

  await sql`alter table p detach partition p2`
  expect(await sql`select rowhook.refresh_changed()`).toHaveLength(1)
  expect(await staleReason()).toBeNull()
  await sql`insert into p values (4, 'after'), (204, 'after')`
  await sql`insert into p1 values (5, 'after')`
  expect((await events(sql)).slice(-3).map((e) => [e.record, e.sinks, e.undecided])).toEqual([
    ['{"id":4,"v":"after"}', [sink], null],
    ['{"id":204,"v":"after"}', [sink], null],
    ['{"id":5,"v":"after"}', [sink], null],
  ])
  const { messages, errors } = await delivered(sql, sink)
  expect([...errors]).toEqual([])
  expect(messages.map((m) => `${m.action} ${JSON.stringify(m.record)} ${JSON.stringify(m.changes)}`)).toEqual(
    [
      'i {"id":1,"v":"a"} null',
      'i {"id":201,"v":"b"} null',
      'i {"id":202,"v":"direct"} null',
      'u {"id":1,"v":"a!"} {"v":"a"}',
      'u {"id":201,"v":"b!"} {"v":"b"}',
      'u {"id":202,"v":"direct!"} {"v":"direct"}',
      // a row that moves to another partition is seen to leave the one and come to the other
      'd {"id":202,"v":"direct!"} null',
      'i {"id":3,"v":"direct!"} null',
      'u {"id":201,"v":"c"} {"v":"b!"}',
      'd {"id":1,"v":"a!"} null',
      'i {"id":4,"v":"after"} null',
      'i {"id":204,"v":"after"} null',
      'i {"id":5,"v":"after"} null',
    ],
  )
})

test('the same of a foreign child', async () => {
  await sql`create table h (id int primary key, v text)`
  await sql`create table h1 (more int) inherits (h)`
  const sink = await capture(sql, { name: 'h' })
  await sql`create foreign table h2 () inherits (h) server loop options (schema_name 'far', table_name 't')`
  await sql`insert into far.t values (9, 'far')`
  await expect(sql`update h set v = 'x'`).rejects.toThrow('child foreign tables')
  await sql`select rowhook.refresh('h')`
  await sql`insert into h values (1, 'a')`
  await sql`insert into h1 values (2, 'b', 7)`
  await sql`update h set v = v || '!'`
  await sql`delete from h`
  await sql`drop foreign table h2`
  await sql`select rowhook.refresh('h')`
  await sql`insert into h values (3, 'a')`
  const { messages } = await delivered(sql, sink)
  expect(messages.map((m) => [m.action, ...m.pks, JSON.stringify(m.record)])).toEqual([
    ['i', '1', '{"id":1,"v":"a"}'],
    ['i', '2', '{"id":2,"v":"b"}'],
    ['u', '1', '{"id":1,"v":"a!"}'],
    ['u', '2', '{"id":2,"v":"b!"}'],
    ['d', '1', '{"id":1,"v":"a!"}'],
    ['d', '2', '{"id":2,"v":"b!"}'],
    ['i', '3', '{"id":3,"v":"a"}'],
  ])
})

test('a foreign partition far below, and beside a member that has left, is found by its root', async () => {
  await partitioned()
  await sql.unsafe(
    attach.replace('of p for values from (100) to (200)', 'of p3 for values from (300) to (400)'),
  )
  await sql`select rowhook.refresh('p')`
  await sql`insert into p values (301, 'far'), (201, 'b')`
  await sql`update p3 set v = 'c'`
  await sql`update p set v = 'd' where id = 301`
  expect(lines(await events(sql))).toEqual(['i  {"id":201,"v":"b"}', 'u  {"id":201,"v":"c"} {"v":"b"}'])
})

test('beside a foreign partition, a table is altered, its sink taken away, and a partition detached', async () => {
  await partitioned()
  await sql.unsafe(attach)
  await sql`select rowhook.refresh('p')`
  await sql`alter table p rename v to w`
  await sql`insert into p values (1, 'a')`
  await sql`alter table p add n int`
  await sql`insert into p values (2, 'b', 3)`
  await sql`alter table p detach partition p1`
  await sql`insert into p1 values (3, 'c')`
  expect(lines(await events(sql))).toEqual(['i  {"id":1,"w":"a"}', 'i  {"id":2,"w":"b","n":3}'])
  await sql`delete from rowhook.sink`
  await sql`select rowhook.release_source(id) from rowhook.source`
  expect(await sql`select tgname from pg_trigger where tgname like '00\\_rowhook%'`).toEqual([])
  await sql`insert into p values (201, 'd')`
})
