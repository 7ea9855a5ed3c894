// Changes that are kept and that no sink wants: of a table whose history is retained.
import { expect, test } from 'vitest'
import { pulse } from '../../../src/log/events.ts'
import { createDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'

async function kept() {
  const db = await createDatabase()
  await db.sql`create table item (id int primary key)`
  await db.sql`
    insert into rowhook.source (id, relid, schema_name, table_name, key_columns)
    overriding system value values (1, 'item', 'public', 'item', '{1}')`
  await db.sql`insert into rowhook.endpoint (name, url) values ('app', 'https://example.com')`
  await db.sql`
    insert into rowhook.sink (id, name, endpoint_id)
    overriding system value select 7, 'items', id from rowhook.endpoint`
  await db.sql`insert into rowhook.sink_table (sink_id, source_id, ordinal) values (7, 1, 0)`
  const write = (sinks: number[], count: number) => db.sql`
    insert into rowhook.event (source_id, action, sinks, pks)
    select 1, 'i', ${sinks}::int[], array[i::text] from generate_series(1, ${count}) i`
  return { ...db, write }
}

test.each([999, 1000, 5000])('a wanted change behind %i that nobody wants is due', async (count) => {
  const { sql, write } = await kept()
  const before = (await pulse(sql, null)).tick
  await write([], count)
  await write([7], 1)
  const after = await pulse(sql, before)
  expect(after.tick).toBeGreaterThan(before)
  expect(after.due).toEqual([7])
})

test('while only unwanted changes are written, each look begins where the last one ended', async () => {
  const { sql, write } = await kept()
  let { tick } = await pulse(sql, null)
  for (let i = 0; i < 3; i++) {
    await write([], 2000)
    const next = await pulse(sql, tick)
    expect(next.tick).toBeGreaterThan(tick)
    tick = next.tick
  }
  // And it ends: how many more are taken depends on transactions elsewhere in the cluster.
  await eventually(async () => {
    const last = tick
    tick = (await pulse(sql, last)).tick
    expect(tick).toBe(last)
  })
})
