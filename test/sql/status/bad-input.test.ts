import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { makeSink } from '../messages/sink.ts'

/** What an error says. */
async function refused(sql: Sql, statement: string) {
  const error = await sql.unsafe(statement).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  const { code, message, detail, hint } = error as Record<string, string | undefined>
  return { code, message, detail, hint }
}

async function prepare(): Promise<Sql> {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  await makeSink(sql)
  return sql
}

test('annotations that are no JSON, or no object, are refused with what to write', async () => {
  const sql = await prepare()
  const hint = `for example: select rowhook.annotate('{"user_id": 7}')`
  expect(await refused(sql, `select rowhook.annotate('user_id=7')`)).toEqual({
    code: '22023',
    message: 'annotations must be a JSON object, and this is no JSON',
    detail: expect.stringContaining('user_id'),
    hint,
  })
  expect(await refused(sql, `select rowhook.annotate('[7]')`)).toMatchObject({
    message: 'annotations must be a JSON object, not array',
    hint,
  })
  expect(await refused(sql, `select rowhook.annotate('[7]'::jsonb)`)).toMatchObject({ code: '22023', hint })
})

test('annotations are text or jsonb; null ends them', async () => {
  const sql = await prepare()
  const noted = await sql.begin(async (tx) => {
    await tx`select rowhook.annotate('{"by": "text"}')`
    await tx`insert into orders values (1)`
    await tx`select rowhook.annotate(jsonb_build_object('by', 'jsonb'))`
    await tx`insert into orders values (2)`
    await tx`select rowhook.annotate(null)`
    await tx`insert into orders values (3)`
    return tx`select (extra).annotations::jsonb ->> 'by' as by from rowhook.event order by id`
  })
  expect(noted.map(({ by }) => by)).toEqual(['text', 'jsonb', null])
})

test('a table that is none, or that rowhook does not capture, is not refreshed', async () => {
  const sql = await prepare()
  await sql`create table other (id int primary key)`
  expect(await refused(sql, `select rowhook.refresh('nope')`)).toEqual({
    code: '42P01',
    message: 'there is no table nope',
    detail: 'Without a schema, a name means the schema public.',
    hint: 'give the name with its schema, quoted as in SQL: public.orders',
  })
  expect(await refused(sql, `select rowhook.refresh(null)`)).toMatchObject({
    code: '42P01',
    hint: expect.anything(),
  })
  expect(await refused(sql, `select rowhook.refresh('other')`)).toMatchObject({
    code: '42704',
    message: 'rowhook does not capture public.other',
    hint: expect.stringContaining('rowhook.retain'),
  })
  await sql`select rowhook.refresh('orders')`
  await sql`select rowhook.refresh('public.orders'::regclass)`
})

test('history is kept for an interval, and what is none is refused', async () => {
  const sql = await prepare()
  expect(await refused(sql, `select rowhook.retain('orders', 'a while')`)).toEqual({
    code: '22023',
    message: `'a while' is no time to keep changes for`,
    detail: expect.stringContaining('a while'),
    hint: `for example: select rowhook.retain('orders', '30 days'); to end it: rowhook.unretain`,
  })
  expect(await refused(sql, `select rowhook.retain('orders', '99999999999 years')`)).toMatchObject({
    code: '22023',
    hint: expect.anything(),
  })
  expect(await refused(sql, `select rowhook.retain('orders', null)`)).toMatchObject({
    code: '22023',
    hint: expect.anything(),
  })
  await sql`select rowhook.retain('orders', '3 days')`
  await sql`select rowhook.retain('orders', interval '4 days')`
  expect(await sql`select keep::text from rowhook.retentions`).toEqual([{ keep: '4 days' }])
})

test('a replay says what its times are like', async () => {
  const sql = await prepare()
  expect(await refused(sql, `call rowhook.replay('orders', since => 'some time ago')`)).toEqual({
    code: '22023',
    message: expect.stringContaining('some time ago'),
    detail: undefined,
    hint: 'a time is like 2026-11-23T08:10:00Z, an id a number',
  })
  await sql`insert into orders values (1)`
  await sql`call rowhook.replay('orders', since => now() - interval '1 hour')`
  await sql`call rowhook.replay('orders', since => now() - interval '1 hour', until => now())`
  await sql.unsafe(`call rowhook.replay('orders', since => (now() - interval '1 hour')::text)`)
  await sql`call rowhook.replay('orders', since_id => 1, until_id => 9)`
  const [count] = await sql`select count(*)::int from rowhook.replay`
  expect(count).toEqual({ count: 4 })
})
