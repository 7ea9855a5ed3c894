import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'

test('a tick that was lost does not leave its number to another, whatever is lost with it', async () => {
  const { sql } = await createDatabase()
  const [sequence] = await sql`select count(*)::int as count from pg_sequences where schemaname = 'rowhook'`
  expect(sequence!['count']).toBeGreaterThan(0)
  const given = new Set<string>()
  for (let i = 0; i < 20; i += 1) {
    const [tick] = await sql`select tick_id as id from rowhook.take_tick()`
    given.add(tick!['id'] as string)
    await sql`delete from rowhook.tick`
    await sql`
      select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
      from pg_sequences where schemaname = 'rowhook'`
  }
  expect(given.size).toBe(20)
})

test('numbers of ticks rise, also where the clock has been set back', async () => {
  const { sql } = await createDatabase()
  await sql`select rowhook.take_tick()`
  const [last] = await sql`update rowhook.tick set id = id + 1000000000 returning id`
  const [next] = await sql`select rowhook.next_tick_id(${last!['id']}) as id`
  expect(BigInt(next!['id'])).toBeGreaterThan(BigInt(last!['id']))
})

test('numbers of ticks are exact in every session', async () => {
  const { sql } = await createDatabase()
  const session = await sql.reserve()
  await session`set extra_float_digits = 0`
  const [tick] = await session`
    select tick_id::text as id, tick_id::float8::numeric::text as shown, tick_id::float8 as read from rowhook.take_tick()`
  session.release()
  expect(tick!['shown']).toBe(tick!['id'])
  expect(String(tick!['read'])).toBe(tick!['id'])
})
