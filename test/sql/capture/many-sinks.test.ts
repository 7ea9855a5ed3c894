// Many sinks on one table: an edit of one of them is not paid for all of them.
import type postgres from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { capture, delivered } from './capturing.ts'

async function withSinks(count: number): Promise<{ sql: postgres.Sql; sinks: number[]; source: number }> {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, n int, v text)`
  const sinks: number[] = []
  for (let i = 0; i < count; i++) sinks.push(await capture(sql, { name: 't', filter: `n > ${i}` }, `s${i}`))
  const [source] = await sql<{ id: number }[]>`select id from rowhook.source`
  return { sql, sinks, source: source!.id }
}

/** Sinks whose entries a refresh would hold against the table. */
async function unsettled(sql: postgres.Sql, source: number): Promise<number[]> {
  const [row] = await sql<{ changed: number[] }[]>`select changed from rowhook.fit_entries(${source})`
  return row!.changed
}

/** Which of these have the row with this n sent to them. */
async function wanting(sql: postgres.Sql, n: number): Promise<number[]> {
  await sql`truncate rowhook.event`
  await sql`insert into t (id, n) values (${n}, ${n})`
  const [event] = await sql<{ sinks: number[] }[]>`select sinks from rowhook.event`
  return event?.sinks ?? []
}

test('a sink that is saved has its own filter planned, and no other', async () => {
  const { sql, sinks, source } = await withSinks(4)
  expect(await unsettled(sql, source)).toEqual([])
  await sql`update rowhook.sink_table set filter_can_raise = true where sink_id = ${sinks[2]!}`
  expect(await unsettled(sql, source)).toEqual([sinks[2]])
  expect(await unsettled(sql, source)).toEqual([])
})

test('an alteration of the table has all of them looked at again', async () => {
  const { sql, sinks, source } = await withSinks(4)
  await sql`alter table t rename n to m`
  expect(await unsettled(sql, source)).toEqual(sinks)
  await sql`alter table t add other int`
  expect(await unsettled(sql, source)).toEqual(sinks)
})

test('each of many goes by its own filter, the first and the last that was saved alike', async () => {
  const { sql, sinks } = await withSinks(12)
  expect(await wanting(sql, 1)).toEqual(sinks.slice(0, 1))
  await capture(sql, { name: 't', filter: 'n < 0' }, 's3')
  expect(await wanting(sql, 100)).toEqual(sinks.filter((_, i) => i !== 3))
  expect(await wanting(sql, -1)).toEqual([sinks[3]])
})

test('an entry that cannot be looked at, because somebody is saving it, holds up no other and is not lost', async () => {
  const { sql, sinks, source } = await withSinks(3)
  const other = await sql.reserve()
  await other`begin`
  await other`select from rowhook.sink_table where sink_id = ${sinks[1]!} for update`
  await sql`alter table t rename n to m`
  await sql`select rowhook.refresh_source(${source})`
  await sql`insert into t (id, m) values (1, 100)`
  const [event] = await sql`select sinks, (extra).undecided from rowhook.event`
  expect(event).toEqual({ sinks: [sinks[0], sinks[2]], undecided: [sinks[1]] })
  await other`rollback`
  other.release()

  await sql`select rowhook.refresh_changed()`
  await sql`insert into t (id, m) values (2, 100)`
  const { messages } = await delivered(sql, sinks[1]!)
  expect(messages.map(({ pks }) => pks)).toEqual([['1'], ['2']])
  const [last] = await sql`select sinks, (extra).undecided from rowhook.event order by id desc limit 1`
  expect(last).toEqual({ sinks, undecided: null })
})

test('after a fault in the generated code, everything is planned before it is put in place again', async () => {
  const { sql, sinks, source } = await withSinks(6)
  // as if the generator got one kind of filter wrong
  const [sided] = await sql<{ text: string }[]>`
    select pg_get_functiondef('rowhook.print_sided'::regproc) as text`
  await sql.unsafe(`
    create or replace function rowhook.print_sided(p_parts jsonb, p_names jsonb, p_action text) returns text
    language sql stable as $$ select '(no_such_function(n.id))' $$`)
  await capture(sql, { name: 't', filter: 'n > 1000' }, 's1').catch(() => {}) // it says that it does not plan
  await sql.unsafe(sided!.text)
  await capture(sql, { name: 't', filter: 'n > 2000' }, 's2').catch(() => {})
  await sql`insert into t (id, n) values (1, 5000)`
  const [event] = await sql`select sinks, (extra).undecided from rowhook.event`
  expect(event).toEqual({ sinks: [], undecided: sinks })
  const [row] = await sql`select fault from rowhook.source where id = ${source}`
  expect(row!['fault']).toContain('no_such_function')
})
