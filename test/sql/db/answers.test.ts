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
