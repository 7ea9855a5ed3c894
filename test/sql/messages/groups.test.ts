// Messages by group, with and without the indexes that partitions get once they are no longer written.
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { makeSink } from './sink.ts'

const search = async (sql: Sql, sink: number, group: string): Promise<string[]> => {
  const rows =
    await sql`select record ->> 'n' as n from rowhook.list_messages(${sink}::int, p_group => ${group})`
  return rows.map((row) => row['n'] as string).toSorted()
}

async function indexToday(sql: Sql): Promise<void> {
  const indexed = await sql`
    select rowhook.index_partition(p.relid) as done from rowhook.partitions('event') p
    where now() >= p.starts_at and now() < p.ends_at`
  expect(indexed).toEqual([{ done: true }])
}

test('keys with colons, of several columns, and none are found, wherever the colon stands', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (a text, b text, c text, n text, primary key (a, b, c))`
  await sql`create table log (n text)`
  const orders = await makeSink(sql)
  const log = await makeSink(sql, { name: 'log', table: 'log' })
  await sql`
    insert into orders values ('1', '2', '3', 'plain'), ('1:2', '3', '4', 'x'), ('1', '2:3', '4', 'y'), ('1', '2', '3:4', 'z'),
      ('a:b', 'c:d', 'e:f', 'many'), ('', '', '', 'empty'), ('{"', ',', '\\', 'odd')`
  await sql`insert into log values ('line')`
  const all = async () => ({
    plain: await search(sql, orders.id, '1:2:3'),
    ambiguous: await search(sql, orders.id, '1:2:3:4'),
    many: await search(sql, orders.id, 'a:b:c:d:e:f'),
    empty: await search(sql, orders.id, '::'),
    odd: await search(sql, orders.id, '{":,:\\'),
    part: await search(sql, orders.id, '1'),
    none: await search(sql, log.id, ''),
  })
  const expected = {
    plain: ['plain'],
    ambiguous: ['x', 'y', 'z'],
    many: ['many'],
    empty: ['empty'],
    odd: ['odd'],
    part: [],
    none: ['line'],
  }
  expect(await all()).toEqual(expected)
  await indexToday(sql)
  expect(await all()).toEqual(expected)
})

test("groups of one sink are not another's, nor are keys", async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key, customer int, n text)`
  const byKey = await makeSink(sql)
  const byCustomer = await makeSink(sql, { name: 'customers', groupColumns: [2] })
  await sql`insert into orders values (1, 2, 'a'), (2, 1, 'b'), (3, 2, 'c')`
  // what was captured before has the groups of then
  await sql`update rowhook.sink_table set group_columns = null where sink_id = ${byCustomer.id}`
  await sql`select rowhook.refresh('orders')`
  await sql`insert into orders values (20, 2, 'd')`
  const all = async () => [
    await search(sql, byKey.id, '2'),
    await search(sql, byCustomer.id, '2'),
    await search(sql, byCustomer.id, '20'),
    await search(sql, byCustomer.id, '3'),
  ]
  const expected = [['b'], ['a', 'c'], ['d'], []]
  expect(await all()).toEqual(expected)
  await indexToday(sql)
  expect(await all()).toEqual(expected)
})

test('the indexes are used', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key, customer int, n text)`
  const sink = await makeSink(sql)
  const grouped = await makeSink(sql, { name: 'grouped', groupColumns: [2] })
  await sql`insert into orders select g, g % 4000, g from generate_series(1, 20000) g`
  await indexToday(sql)
  await sql`analyze rowhook.event`
  const scans = async () => {
    const rows = await sql`
      select split_part(indexrelname, '_', 3) as index from pg_stat_user_indexes
      where relname like 'event\\_2%' and (indexrelname like '%\\_key' or indexrelname like '%\\_group') and idx_scan > 0
      order by 1`
    return rows.map((row) => row['index'])
  }
  expect(await search(sql, sink.id, '17')).toEqual(['17'])
  expect(await search(sql, grouped.id, '17')).toHaveLength(5)
  await expect.poll(scans, { timeout: 10_000 }).toEqual(['group', 'key'])
})
