// Positions of many runs that are saved at about the same time.
import { randomUUID } from 'node:crypto'
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { type Place, createSave } from '../../../src/deliver/save.ts'
import type { ClaimedStream } from '../../../src/deliver/store.ts'
import { claimStream, savePositions, saveStream } from '../../../src/deliver/store.ts'
import type { Ops } from '../../../src/deliver/book.ts'
import { createDatabase } from '../../support/database.ts'
import { makeSink } from './sink.ts'

/** Streams of so many sinks, claimed by one dispatcher. */
async function claimed(sql: Sql, count: number): Promise<ClaimedStream[]> {
  await sql`create table orders (id int primary key)`
  const dispatcher = randomUUID()
  await sql`insert into rowhook.dispatcher (id, host, pid, version) values (${dispatcher}, 'test', 1, 'test')`
  const streams: ClaimedStream[] = []
  for (let i = 0; i < count; i++) {
    const { stream } = await makeSink(sql, { name: `sink-${i}` })
    streams.push((await claimStream(sql, stream, dispatcher))!)
  }
  return streams
}

const placeOf = (stream: ClaimedStream, last: number, delivered: number, number = 1): Place => ({
  stream,
  number,
  position: { ...stream.position, last },
  delivered,
})

/** What is saved of each stream: its place and its count. */
const saved = async (sql: Sql) =>
  (await sql`select last_id::int as last, delivered::int from rowhook.stream order by id`).map(
    ({ last, delivered }) => [last, delivered],
  )

test('each is saved with its own place and count', async () => {
  const { sql } = await createDatabase()
  const streams = await claimed(sql, 20)
  const save = createSave(sql)
  const all = streams.map((stream, i) => save(placeOf(stream, i, 100 + i), null))
  expect(await Promise.all(all)).toEqual(streams.map(() => true))
  expect(await saved(sql)).toEqual(streams.map((_, i) => [i, 100 + i]))
})

test('one whose lease is lost is told so, and nothing of it is written', async () => {
  const { sql } = await createDatabase()
  const [first, second, third] = await claimed(sql, 3)
  const save = createSave(sql)
  await sql`update rowhook.stream set token = token + 1 where id = ${second!.id}`
  const all = [first!, second!, third!].map((stream) => save(placeOf(stream, 7, 7), null))
  expect(await Promise.all(all)).toEqual([true, false, true])
  expect(await saved(sql)).toEqual([
    [7, 7],
    [0, 0],
    [7, 7],
  ])
})

test('one that somebody holds waits by itself, and is saved when it is free', async () => {
  const { sql } = await createDatabase()
  const [first, second] = await claimed(sql, 2)
  const save = createSave(sql)
  const at = (stream: ClaimedStream) => save(placeOf(stream, 7, 7), null)
  const edit = await sql.reserve()
  await edit`begin`
  await edit`select from rowhook.stream where id = ${first!.id} for update`
  const held = at(first!)
  expect(await at(second!)).toBe(true)
  expect(await saved(sql)).toEqual([
    [0, 0],
    [7, 7],
  ])
  await edit`rollback`
  edit.release()
  expect(await held).toBe(true)
  expect(await saved(sql)).toEqual([
    [7, 7],
    [7, 7],
  ])
})

test('what cannot be saved rejects, and can be saved again', async () => {
  const { sql } = await createDatabase()
  const [stream] = await claimed(sql, 1)
  const save = createSave(sql)
  await sql`alter function rowhook.save_positions rename to moved_away`
  await expect(save(placeOf(stream!, 7, 7), null)).rejects.toThrow('save_positions')
  await sql`alter function rowhook.moved_away rename to save_positions`
  expect(await save(placeOf(stream!, 7, 7), null)).toBe(true)
  expect(await saved(sql)).toEqual([[7, 7]])
})

test('one that is refused keeps no other from being saved', async () => {
  const { sql } = await createDatabase()
  const [first, second] = await claimed(sql, 2)
  const save = createSave(sql)
  const refused = save(placeOf(first!, 0.5, 7), null)
  const other = save(placeOf(second!, 7, 7), null)
  await expect(refused).rejects.toThrow('0.5')
  expect(await other).toBe(true)
  expect(await saved(sql)).toEqual([
    [0, 0],
    [7, 7],
  ])
})

test('one that was long on its way does not undo a later one, and the lease is not lost by that', async () => {
  const { sql } = await createDatabase()
  const [stream] = await claimed(sql, 1)
  const place = (last: number, number: number) => placeOf(stream!, last, last, number)
  const ops = { hold: [{ event_id: 5, groups: ['1:1'], failures: 0 }] } as unknown as Ops
  expect(await saveStream(sql, place(7, 2), null)).toBe(true)
  expect(await saveStream(sql, place(6, 1), ops)).toBe(true)
  expect([...(await savePositions(sql, [place(6, 1)]))]).toEqual([])
  expect(await saved(sql)).toEqual([[7, 7]])
  expect(await sql`select from rowhook.held`).toHaveLength(0)
  // the same once more, because its answer got lost
  expect(await saveStream(sql, place(7, 2), ops)).toBe(true)
  expect(await sql`select from rowhook.held`).toHaveLength(1)
})
