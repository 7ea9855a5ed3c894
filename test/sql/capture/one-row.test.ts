// An update of one row is captured by code of its own (rowhook.capture_single): it must say what an update of many says.
import type postgres from 'postgres'
import { beforeEach, expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { capture, delivered, events, type StoredEvent } from './capturing.ts'

let sql: postgres.Sql

beforeEach(async () => {
  sql = (await createDatabase()).sql
})

/** What a change is, without what tells one event from another. */
const essence = ({
  action,
  sinks,
  undecided,
  groups,
  old_groups,
  old_pks,
  changes,
  annotations,
}: StoredEvent) => ({
  action,
  sinks,
  undecided,
  groups,
  old_groups,
  old_pks,
  changes,
  annotations,
})

/** The events of an update of row 1, which must be those of rows 2 and 3 in one statement. */
async function likeMany(update: (where: string) => string): Promise<ReturnType<typeof essence>[]> {
  const before = (await events(sql)).length
  await sql.unsafe(update('id = 1'))
  const one = (await events(sql)).slice(before)
  await sql.unsafe(update('id in (2, 3)'))
  const many = (await events(sql)).slice(before + one.length)
  expect(many.map(essence)).toEqual([...one, ...one].map(essence))
  return one.map(essence)
}

test('old values, filters on both sides, groups, excluded columns and annotations are as of many rows', async () => {
  await sql`create table t (id int primary key, customer int, status text, "a ""b""" json, doc jsonb)`
  await sql`insert into t select i, 7, 'new', '{"a": 1}', '{"b": 1}' from generate_series(1, 3) i`
  const all = await capture(sql, { name: 't' }, 'all')
  const paid = await capture(sql, { name: 't', filter: "status = 'paid' and old.status = 'new'" }, 'paid')
  const customers = await capture(sql, { name: 't', group_by: ['customer'] }, 'customers')
  const some = await capture(sql, { name: 't', exclude_columns: ['status', 'doc'] }, 'some')
  const touched = await capture(sql, { name: 't', unchanged: true, exclude_columns: ['doc'] }, 'touched')

  expect(await likeMany((where) => `update t set status = 'paid' where ${where}`)).toEqual([
    {
      action: 'u',
      sinks: [all, paid, customers, touched],
      undecided: null,
      groups: [null, null, '7', null],
      old_groups: null,
      old_pks: null,
      changes: '{"status":"new"}',
      annotations: null,
    },
  ])
  await sql`select set_config('rowhook.annotations', '{"by": 1}', false)`
  expect(
    await likeMany((where) => `update t set customer = 8, "a ""b""" = null where ${where}`),
  ).toMatchObject([
    {
      sinks: [all, customers, some, touched],
      old_groups: [null, '7', null, null],
      changes: '{"customer":7,"a \\"b\\"":{"a": 1}}',
      annotations: '{"by": 1}',
    },
  ])
  await sql`select set_config('rowhook.annotations', '', false)`
  expect(await likeMany((where) => `update t set doc = '{}' where ${where}`)).toMatchObject([
    { sinks: [all, customers, touched], changes: '{"doc":{"b": 1}}' },
  ])
  expect(await likeMany((where) => `update t set doc = doc where ${where}`)).toMatchObject([
    { sinks: [touched], changes: '{}' },
  ])
})

test('a statement that changes no row stores nothing, wherever all changes are wanted', async () => {
  await sql`create table t (id int primary key, n int)`
  await capture(sql, { name: 't', unchanged: true })
  await sql`select rowhook.retain('t', '1 day')`
  await sql`update t set n = 1`
  await sql`insert into t select where false`
  await sql`delete from t`
  expect(await events(sql)).toEqual([])
})

test('a key, or a group, that changes into what its collation calls the same is another one', async () => {
  await sql`create collation caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`
  await sql`create table t (code text collate caseless primary key, region text collate caseless, ranges int[])`
  await capture(sql, { name: 't' }, 'by-key')
  await capture(sql, { name: 't', group_by: ['region'] }, 'by-region')
  await sql`insert into t values ('a', 'eu', '{1}'), ('b', 'us', '{1}'), ('c', 'us', '{1}')`
  await sql`update t set code = upper(code) where code = 'a'`
  await sql`update t set code = upper(code) where code in ('b', 'c')`
  await sql`update t set region = 'EU' where code = 'a'`
  await sql`update t set region = 'US' where region = 'us'`
  const moved = (await events(sql)).filter((e) => e.action === 'u')
  expect(moved.map((e) => [e.old_pks, e.old_groups])).toEqual([
    [['a'], null],
    [['b'], null],
    [['c'], null],
    [null, [null, 'eu']],
    [null, [null, 'us']],
    [null, [null, 'us']],
  ])
})

test('a column of another collation is filtered by it, in sessions that have written before', async () => {
  await sql`create collation caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`
  await sql`create table t (id int primary key, status text, n int default 0)`
  const sink = await capture(sql, { name: 't', filter: "status = 'Paid'" })
  await sql.begin(async (tx) => {
    await tx`insert into t values (1, 'paid'), (2, 'paid')`
    for (let n = 1; n <= 7; n++) await tx`update t set n = ${n} where id = 1`
    await tx`alter table t alter status type text collate caseless`
    await tx`update t set n = 8 where id = 1`
    await tx`update t set n = 9`
  })
  const { messages } = await delivered(sql, sink)
  expect(messages.map((m) => [m.record?.['id'], m.record?.['n']].join()).toSorted()).toEqual([
    '1,8',
    '1,9',
    '2,9',
  ])
})

test('a stale sink leaves its verdicts open, whatever else is known about the change', async () => {
  await sql`create table t (id int primary key, status text, n int)`
  await sql`insert into t values (1, 'a', 1), (2, 'a', 1), (3, 'a', 1)`
  const all = await capture(sql, { name: 't' }, 'all')
  const stale = await capture(sql, { name: 't', filter: "status = 'a'" }, 'stale')
  await sql`alter table t drop column status`
  await sql`select rowhook.refresh('t')`
  await sql`select set_config('rowhook.annotations', '{"by": 1}', false)`
  expect(await likeMany((where) => `update t set n = 2 where ${where}`)).toMatchObject([
    { sinks: [all], undecided: [stale], annotations: '{"by": 1}', old_pks: null },
  ])
  await sql`update t set id = 10 where id = 1`
  expect((await events(sql)).at(-1)).toMatchObject({
    sinks: [all],
    undecided: [stale],
    annotations: '{"by": 1}',
    old_pks: ['1'],
    shape: { id: 1, n: 3 },
  })
})
