// What a run writes down: several streams at once, and again after a save that was long in coming.
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { claim, failedBatch, makeSink } from './sink.ts'

const held = (id: number, key: number) => ({ event_id: id, groups: [`1:${key}`], failures: 1 })

test('streams set messages aside before what they hold, each in its own order', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const runs = [
    await claim(sql, await makeSink(sql, { name: 'one' })),
    await claim(sql, await makeSink(sql, { name: 'two' })),
  ]
  for (const run of runs) {
    expect(await run.note({ hold: [held(5, 1), held(6, 1)] })).toBe(true)
    expect(await run.note({ hold_first: [held(3, 1), held(4, 1)] })).toBe(true)
    expect(await run.note({ hold_first: [held(1, 1), held(2, 1)] })).toBe(true)
  }
  for (const name of ['one', 'two']) {
    const rows = await sql`
      select h.event_id::int as id from rowhook.held h
      join rowhook.stream t on t.id = h.stream_id join rowhook.sink s on s.id = t.sink_id
      where s.name = ${name} order by h.seq`
    expect(rows.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6])
  }
})

test('what is set aside in front stands there, although a crash has left it further behind', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const run = await claim(sql, await makeSink(sql))
  await run.note({ hold: [held(3, 1), held(2, 1)] })
  await run.note({ hold_first: [{ ...held(2, 1), failures: 2 }] })
  const rows = await sql`select event_id::int as id, failures from rowhook.held order by seq`
  expect([...rows]).toEqual([
    { id: 2, failures: 2 },
    { id: 3, failures: 1 },
  ])
})

test('of a batch that failed twice between two saves the last word is written down', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const sink = await makeSink(sql)
  const run = await claim(sql, sink)
  const failed = (failures: number) => failedBatch(sink, [{ id: 1, key: 1 }], { failures })
  expect(await run.note({ freeze: [failed(1), failed(2)] })).toBe(true)
  expect(await sql`select id, attempt, member_failures from rowhook.batch`).toEqual([
    { id: 'msg_1', attempt: 2, member_failures: [2] },
  ])
})

test('what a run has read of a tick that is lost since is not written down, and its lease is over', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const run = await claim(sql, await makeSink(sql))
  const [tick] = await sql`select max(id)::float8 as id from rowhook.tick`
  expect(await run.note({ hold: [held(1, 1)], read: tick!['id'] })).toBe(true)
  expect(await run.note({ hold: [held(2, 1)], read: tick!['id'] + 1 })).toBe(false)
  expect(await sql`select event_id::int as id from rowhook.held`).toEqual([{ id: 1 }])
  expect(await sql`select owner from rowhook.stream`).toEqual([{ owner: null }])
})

test('who holds a lease that the server has lost saves nothing under the next one', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const sink = await makeSink(sql)
  const [before] = await sql`select token from rowhook.stream`
  const first = await claim(sql, sink)
  await sql`update rowhook.stream set owner = null, token = ${before!['token']}`
  const second = await claim(sql, sink)
  expect(await first.note({ hold: [held(1, 1)] })).toBe(false)
  expect(await second.note({ hold: [held(2, 1)] })).toBe(true)
  expect(await sql`select event_id::int as id from rowhook.held`).toEqual([{ id: 2 }])
})
