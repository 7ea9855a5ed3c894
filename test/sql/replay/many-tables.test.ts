// A replay of a sink with many tables: every event once and in order, whatever the size of its chunks; and each
// chunk at the cost of what it returns.
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { makeSink } from '../messages/sink.ts'

const tables = 30

/** A sink of many tables, with events of all of them in turn, then a run of each; and a replay of it all. */
async function prepare(filter: object | null): Promise<{ sql: Sql; replay: string; events: number }> {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  const sink = await makeSink(sql)
  for (let i = 1; i < tables; i++) {
    await sql.unsafe(`create table table_${i} (id int primary key)`)
    await sql`
      with source as (
        insert into rowhook.source (relid, schema_name, table_name, key_columns)
        values (${`table_${i}`}::regclass, 'public', ${`table_${i}`}, '{1}') returning id)
      insert into rowhook.sink_table (sink_id, source_id, ordinal) select ${sink.id}, id, ${i} from source`
  }
  if (filter !== null) await sql`update rowhook.sink_table set filter_parts = ${sql.json(filter as never)}`
  const [made] = await sql`
    with source as (select array_agg(id order by id) as ids from rowhook.source),
    made as (
      insert into rowhook.event (source_id, action, captured_at, sinks, pks, record)
      select s.ids[case when i <= 3000 then 1 + i % ${tables}::int else 1 + i / 200 % ${tables}::int end], 'i', now(), '{}',
        array[i::text], json_build_object('id', i)
      from source s, generate_series(1, 6000) i order by i returning 1)
    select count(*)::int as events from made`
  const [row] = await sql`
    select rowhook.create_replay(${sink.id}, ${sql.json({ since_id: 0 })}) as id`
  return { sql, replay: row!['id'] as string, events: made!['events'] as number }
}

test.each([
  ['without filters', null],
  ['with filters', ['true']],
])('%s, chunks give every event once, in order, at the cost of what they return', async (_name, filter) => {
  const { sql, replay, events } = await prepare(filter)
  for (const limit of [70, 1000]) {
    const read: number[] = []
    const seen = await sql.begin(async (tx) => {
      const fetched = async () =>
        (
          await tx`
            select sum(coalesce(idx_tup_fetch, 0) + seq_tup_read)::float8 as n
            from pg_stat_xact_all_tables where schemaname = 'rowhook' and relname like 'event%'`
        )[0]!['n'] as number
      const before = await fetched()
      for (;;) {
        const found = await tx`
          select event_id::float8 as id, verdict
          from rowhook.read_replay(${replay}, ${read.at(-1) ?? 0}, ${limit}, 1000000000)`
        expect(found.filter(({ verdict }) => verdict !== 'wanted')).toEqual([])
        read.push(...found.map(({ id }) => id as number))
        // of small chunks, some will do
        if (found.length < limit || (limit === 70 && read.length === 420)) break
      }
      return (await fetched()) - before
    })
    const ids = await sql`select id::float8 as id from rowhook.event e order by e.id`
    expect(read).toEqual(ids.slice(0, limit === 70 ? 420 : events).map(({ id }) => id as number))
    // a verdict looks at its event several times more
    if (filter === null) expect(seen / read.length).toBeLessThan(4)
  }
})
