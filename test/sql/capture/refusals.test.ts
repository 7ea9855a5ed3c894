import type postgres from 'postgres'
import { beforeEach, expect, test } from 'vitest'
import { type TableInput, resolveTables } from '../../../src/capture/tables.ts'
import { InputError } from '../../../src/errors.ts'
import type { InputProblem } from '../../../src/errors.ts'
import { createDatabase } from '../../support/database.ts'

let sql: postgres.Sql

beforeEach(async () => {
  sql = (await createDatabase()).sql
})

async function problems(inputs: TableInput | TableInput[]): Promise<InputProblem[]> {
  const error: unknown = await resolveTables(sql, Array.isArray(inputs) ? inputs : [inputs]).catch(
    (e: unknown) => e,
  )
  if (!(error instanceof InputError)) throw new Error('nothing was refused', { cause: error })
  return error.problems
}

test.each([
  [
    'create view v as select 1 as a',
    'v',
    'public.v is a view, which holds no rows of its own; name the tables beneath it',
  ],
  [
    'create materialized view v as select 1 as a',
    'v',
    'public.v is a materialized view, on which no triggers fire; name the tables beneath it',
  ],
  ['create sequence v', 'v', 'public.v is not a table; name a table'],
  [
    'create table r (a int) partition by list (a); create table v partition of r default',
    'v',
    'public.v is a partition of public.r; name that table: a sink then gets the changes of all partitions',
  ],
  [
    'create table r (a int); create table v () inherits (r)',
    'v',
    'public.v inherits from public.r, and its triggers do not see statements on that table; name that table instead',
  ],
  [
    'create foreign data wrapper w; create server s foreign data wrapper w; create foreign table v (a int) server s',
    'v',
    'public.v is a foreign table, whose rows change on another server; run rowhook there',
  ],
  [
    'create foreign data wrapper w; create server s foreign data wrapper w; create table v (a int) partition by list (a); create foreign table f partition of v default server s',
    'v',
    /^public.f is a foreign table below public.v/,
  ],
  ['', 'pg_catalog.pg_class', 'pg_class is a system catalog, and Postgres allows no triggers on those'],
  ['', 'rowhook.event', 'rowhook.event belongs to rowhook itself; name a table of your own'],
  ['create table "Mixed" (a int)', 'mixed', 'there is no table mixed; did you mean public."Mixed"?'],
  ['', 'nope', 'there is no table nope; create it first'],
  ['', 'a.b.c', 'there is no table a.b.c; create it first'],
  ['', "x'; drop table y; --", "there is no table x'; drop table y; --; create it first"],
])('%s: a sink on %s is refused with the reason and the next step', async (ddl, name, message) => {
  if (ddl !== '') await sql.unsafe(ddl)
  expect(await problems({ name })).toEqual([
    {
      path: 'tables[0].name',
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    },
  ])
})

test('a temporary table is refused', async () => {
  const one = await sql.reserve()
  await one`create temporary table v (a int)`
  const [{ schema }] = await one<
    [{ schema: string }]
  >`select nspname as schema from pg_namespace where oid = pg_my_temp_schema()`
  expect(await problems({ name: `${schema}.v` })).toMatchObject([
    { message: expect.stringMatching(/temporary table, which ends with its session/) as string },
  ])
  one.release()
})

test('all problems of all tables are told at once, with their paths', async () => {
  await sql`create table t (id int primary key, name text)`
  expect(
    await problems([
      { name: 't', filter: "  name > 'x'::date", group_by: ['id', 'nope'], exclude_columns: ['gone'] },
      { name: 'missing' },
      { name: 't', filter: 'length(name)' },
      {
        name: 't',
        filter: [
          { column: 'id', operator: '=', value: 1 },
          { column: 'name', operator: 'near', value: 1 },
        ],
      },
    ]),
  ).toEqual([
    { path: 'tables[0].group_by[1]', message: 'public.t has no column nope' },
    { path: 'tables[0].exclude_columns[0]', message: 'public.t has no column gone' },
    { path: 'tables[0].filter', position: 10, message: 'invalid input syntax for type date: "x"' },
    { path: 'tables[1].name', message: 'there is no table missing; create it first' },
    {
      path: 'tables[2].filter',
      position: 1,
      message: 'the filter has to be true or false, and this is of type integer: compare it with something',
    },
    {
      path: 'tables[3].filter[1].operator',
      message: expect.stringContaining('operator has to be one of') as string,
    },
  ])
})

test.each(['  ', "name like 'a' escape 'bc'", "name = E'\\x00'"])(
  '%j is refused with a position, although nobody says where it is wrong',
  async (filter) => {
    await sql`create table t (id int primary key, name text)`
    expect(await problems({ name: 't', filter })).toMatchObject([{ path: 'tables[0].filter', position: 1 }])
  },
)

test('a collation that does not exist is refused with the position of its clause', async () => {
  await sql`create table t (id int primary key, name text)`
  expect(await problems({ name: 't', filter: `name collate "nope" = 'x'` })).toEqual([
    { path: 'tables[0].filter', position: 6, message: expect.stringContaining('nope') as string },
  ])
})

test('a table that is named twice is refused, however it is spelt', async () => {
  await sql`create table t (id int primary key)`
  expect(await problems([{ name: 't' }, { name: '"public".T' }])).toEqual([
    { path: 'tables[1].name', message: 'public.t is already tables[0]; name a table once' },
  ])
})
