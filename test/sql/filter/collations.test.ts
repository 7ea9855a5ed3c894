// A column's collation says which of its values are equal, and which come first: in a filter too, wherever it is
// evaluated. The oracle is a select with the same condition.
import { randomUUID } from 'node:crypto'
import type postgres from 'postgres'
import { beforeAll, expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { capture, delivered, events } from '../capture/capturing.ts'

let sql: postgres.Sql

beforeAll(async () => {
  ;({ sql } = await createDatabase())
  await sql.unsafe(
    `create collation public.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
  )
})

const values = ['bob', 'BOB', 'Bob', 'eve', 'Eve', 'a', 'B', 'Z', 'ä']
const rows = values.map((v) => `('${v}')`).join(', ')

/** Ids of the table's rows that a sink is sent, and errors of those that are kept from it. */
async function received(sink: number, table: string): Promise<{ ids: number[]; errors: string[] }> {
  const { messages, errors } = await delivered(sql, sink)
  const own = new Set((await events(sql)).filter((e) => e.table_name === table).map(({ id }) => id))
  return {
    ids: messages.filter(({ id }) => own.has(id)).map(({ record }) => record!['id'] as number),
    errors: [...errors].filter(([id]) => own.has(id)).map(([, error]) => error),
  }
}

const makeTable = async (columns: string) => {
  const table = `t_${randomUUID().replaceAll('-', '')}`
  await sql.unsafe(`create table ${table} (id serial primary key, ${columns})`)
  return table
}

test.each([
  ['public.caseless', `v = 'bob'`],
  ['public.caseless', `v <> 'bob'`],
  ['public.caseless', `v in ('bob', 'EVE')`],
  ['"en-x-icu"', `v > 'Z'`],
  ['"C"', `v > 'Z'`],
])(
  'collate %s, %s: what is found when a row is captured is found when it is read',
  async (collation, filter) => {
    const table = await makeTable(`v text collate ${collation}, d int default 1`)
    const plain = await capture(sql, { name: table, filter }, table)
    const raising = await capture(
      sql,
      { name: table, filter: `${filter} and 10 / d > 0` },
      `${table}_raising`,
    )
    await sql.unsafe(`insert into ${table} (v) values ${rows}`)
    // captured by what names no column
    await sql.begin((tx) =>
      tx.unsafe(`alter table ${table} add note text; insert into ${table} (v) values ${rows}`),
    )
    // one that raises leaves all of its statement to the reader
    await sql.unsafe(
      `insert into ${table} (v, d) select v, 1 from (values ${rows}) x(v) union all select 'none', 0`,
    )
    const oracle = async (condition: string) =>
      (await sql.unsafe(`select id from ${table} where ${condition} order by id`)).map(
        ({ id }) => id as number,
      )
    expect(await received(plain, table)).toEqual({ ids: await oracle(filter), errors: [] })
    expect(await received(raising, table)).toEqual({
      ids: await oracle(`${filter} and d <> 0`),
      errors: (await oracle(`${filter} and d = 0`)).map(() => 'division by zero'),
    })
  },
)

test('a group is its text, whatever its collation calls equal', async () => {
  const table = await makeTable(`v text collate public.caseless, w text collate "C"`)
  const sink = await capture(sql, { name: table, group_by: ['v', 'w'] }, table)
  await sql.unsafe(`insert into ${table} values (1, 'bob', 'x')`)
  await sql.unsafe(`update ${table} set v = 'Bob'`)
  await sql.begin((tx) => tx.unsafe(`alter table ${table} add note text; update ${table} set v = 'BOB'`))
  const { messages, errors } = await delivered(sql, sink)
  expect(errors).toEqual(new Map())
  expect(messages.slice(-2).map(({ previousGroup, group }) => [previousGroup, group])).toEqual([
    ['bob:x', 'Bob:x'],
    ['Bob:x', 'BOB:x'],
  ])
})

test.each([
  ['like', `v like 'b%'`, 'nondeterministic collations are not supported for'],
  ['two columns', 'v = w', 'could not determine which collation to use'],
])(
  'a column gets another collation, under which the filter raises (%s): no write fails',
  async (_, filter, error) => {
    const table = await makeTable('v text, w text collate "C"')
    const sink = await capture(sql, { name: table, filter }, table)
    await sql.unsafe(`insert into ${table} (v, w) values ('bob', 'bob')`)
    await sql.unsafe(`alter table ${table} alter v type text collate public.caseless`)
    await sql.unsafe(`insert into ${table} (v, w) values ('bob', 'bob')`) // before anybody has noticed
    await sql`select rowhook.refresh_source(s.id) from rowhook.source s`
    await sql.unsafe(`insert into ${table} (v, w) values ('bob', 'bob')`)
    await sql.unsafe(`update ${table} set w = 'new' where id = 3`)
    const raises = await sql.unsafe(`select from ${table} where ${filter}`).then(
      () => false,
      ({ message }: Error) => message.includes(error),
    )
    const { ids, errors } = await received(sink, table)
    if (raises) expect([ids, errors]).toEqual([[1], Array(3).fill(expect.stringContaining(error))])
    else expect([ids, errors]).toEqual([[1, 2, 3, 3], []]) // Postgres 18 knows how
  },
)
