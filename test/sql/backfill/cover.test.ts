import { expect, test } from 'vitest'
import { coverSnapshot } from '../../../src/backfill/store.ts'
import { createDatabase } from '../../support/database.ts'
import { makeSink } from '../messages/sink.ts'

test('the tick that a chunk waits for is taken after the ids of its rows, and none where there are no new ones', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  await makeSink(sql)
  const [{ snapshot }] = (await sql`select pg_current_snapshot()::text as snapshot`) as unknown as [
    { snapshot: string },
  ]
  const before = await coverSnapshot(sql, snapshot)
  const [drawn] =
    await sql`select max(nextval('rowhook.event_id_seq'))::int as id from generate_series(1, 50)`
  const after = await coverSnapshot(sql, snapshot)
  expect(after).not.toBe(before)
  const [tick] = await sql`select high::int as high from rowhook.tick where id = ${after}`
  expect(tick!['high']).toBe(drawn!['id'])
  expect(await coverSnapshot(sql, snapshot)).toBe(after)
})
