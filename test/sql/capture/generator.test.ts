// The net below the generator of capture code: code that cannot be planned is never put in place.
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'

test('a fault in the generated code fails no write: the change is captured and its verdict left to the reader', async () => {
  const { sql } = await createDatabase()
  await sql`create table t (id int primary key, v text, j json)`
  await sql`insert into rowhook.endpoint (name, url) values ('e', 'https://example.com')`
  await sql`insert into rowhook.sink (name, endpoint_id) select 's', id from rowhook.endpoint`
  const [source] = await sql`select rowhook.source_for('t') as id`
  await sql`insert into rowhook.sink_table (sink_id, source_id, ordinal) values (1, ${source!['id']}, 0)`
  // as if the generator did not know a type
  await sql.unsafe(`
    create or replace function rowhook.print_changed(p_column jsonb) returns text language sql stable
    as $$ select 'no_such_function(n.v, o.v)' $$`)
  await sql`select rowhook.refresh_source(${source!['id']})`
  await sql`select rowhook.place_triggers(${source!['id']})`

  await sql`insert into t values (1, 'a', '{}')`
  await sql`update t set v = 'b', j = null`
  await sql`delete from t`
  const events =
    await sql`select action::text, sinks, (extra).undecided, record from rowhook.event order by id`
  expect(events.map((e) => [e['action'], e['sinks'], e['undecided'], e['record']])).toEqual([
    ['i', [], [1], { id: 1, v: 'a', j: {} }],
    ['u', [], [1], { id: 1, v: 'b', j: null }],
    ['d', [], [1], { id: 1, v: 'b', j: null }],
  ])
})
