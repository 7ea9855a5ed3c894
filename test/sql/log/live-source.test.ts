import { expect, test } from 'vitest'
import { createLiveSource } from '../../../src/deliver/source.ts'
import { pulse } from '../../../src/log/events.ts'
import { createDatabase } from '../../support/database.ts'
import { makeSink } from '../messages/sink.ts'

/** A log of two events, read from before the first of them by one who goes on from the tick between. */
async function goOn({ isLost }: { isLost: boolean }) {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const sink = await makeSink(sql)
  const { tick: start } = await pulse(sql, null)
  await sql`insert into orders values (1)`
  const { tick: read } = await pulse(sql, null)
  await sql`insert into orders values (2)`
  const { tick: newest } = await pulse(sql, null)
  if (isLost) await sql`delete from rowhook.tick where id = ${read}`
  const position = { from: start, to: start, last: 0 }
  const source = createLiveSource(sql, sink.id, () => [sink.source], position, { read })
  source.announce(newest)
  const next = async () => {
    const chunk = await source.next(100, 1e6)
    return chunk && { keys: chunk.rows.map((r) => r.pks[0]), to: chunk.position.to }
  }
  return { read, newest, next }
}

test('who goes on where another has read to reads that window first', async () => {
  const { read, newest, next } = await goOn({ isLost: false })
  expect(await next()).toEqual({ keys: ['1'], to: read })
  expect(await next()).toEqual({ keys: ['2'], to: newest })
  expect(await next()).toBeNull()
})

test('and reads nothing where the tick is lost', async () => {
  const { next } = await goOn({ isLost: true })
  await expect(next()).rejects.toMatchObject({ code: 'P0002' })
})
