// Answers of connections on which something went wrong just before.
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { createDatabase } from '../../support/database.ts'

/** Fails when it has sent some rows. */
const failing = (sql: Sql) =>
  sql`select repeat('x', 2000) as text, 1 / (9 - i) as n from generate_series(1, 1000) i`

test('a query that fails after some of its rows leaves no holes in the next answer', async () => {
  const { url } = await createDatabase()
  const sql = connect(url, { max: 1 })
  await expect(failing(sql)).rejects.toThrow('division by zero')
  const [row] = await sql`select 1 as n`
  expect(row).toEqual({ n: 1 })
  await expect(failing(sql)).rejects.toThrow('division by zero')
  expect(await sql`select 2 as n where false`).toHaveLength(0)
  await expect(failing(sql)).rejects.toThrow('division by zero')
  expect(await sql`select 3 as n`.raw()).toHaveLength(1)
  await sql.end()
})

test('nor in the first rows of a cursor, or in the answers to several statements', async () => {
  const { url } = await createDatabase()
  const sql = connect(url, { max: 1 })
  const sizes: number[] = []
  await expect(failing(sql)).rejects.toThrow('division by zero')
  for await (const rows of sql`select i from generate_series(1, 5) i`.cursor(2)) sizes.push(rows.length)
  expect(sizes).toEqual([2, 2, 1])
  await expect(failing(sql)).rejects.toThrow('division by zero')
  const answers = await sql.unsafe<{ n: number }[][]>('select 1 as n; select 2 as n')
  expect(answers.map((rows) => rows.length)).toEqual([1, 1])
  await sql.end()
})

test('a query is prepared anew on each connection that asks for it, and keeps its values', async () => {
  const { url, sql: other } = await createDatabase()
  await other`create table item (id int, ok boolean, doc jsonb, bytes bytea)`
  const sql = connect(url, { max: 3 })
  const put = async () =>
    (
      await sql`
        insert into item (id, ok, doc, bytes)
        select 1, ${true}, ${sql.json({ a: 1 })}, ${Buffer.from('hi')} from pg_sleep(0.2) returning *`
    )[0]
  const [one] = await Promise.all([put(), put(), put()])
  await other`alter table item add column more int`
  expect(await put()).toEqual({ ...one, more: null })
  await sql.end()
})

test('queries that come while another one is prepared anew get their own answers', async () => {
  const { url, sql: other } = await createDatabase()
  await other`create table item (id int, size int)`
  await other`insert into item values (1, 1)`
  const sql = connect(url, { max: 1 })
  const item = async () => (await sql`select * from item where id = ${1}`)[0]
  const number = async (n: number) => (await sql`select ${n}::int as n`)[0]
  const numbers: Promise<unknown>[] = []
  await item()
  await number(0)
  await other`alter table item alter column size type bigint`
  const again = item()
  for (let n = 0; n < 200; n++) {
    numbers.push(number(n).catch((error: unknown) => error))
    await new Promise(setImmediate)
  }
  expect(await Promise.all(numbers)).toEqual(numbers.map((_, n) => ({ n })))
  expect(await again).toEqual({ id: 1, size: '1' })
  await sql.end()
})

test('a query of a transaction is not sent once more where that cannot help', async () => {
  const { url, sql: other } = await createDatabase()
  await other`create table item (id int, size int)`
  const sql = connect(url, { max: 1 })
  const item = (by: Sql) => by`select * from item where id = ${1}`
  await item(sql)
  await other`alter table item alter column size type bigint`
  await expect(sql.begin((tx) => item(tx as unknown as Sql))).rejects.toThrow('cached plan must not change')
  expect(await item(sql)).toEqual([])
  await sql.end()
})
