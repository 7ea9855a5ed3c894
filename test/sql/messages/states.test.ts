import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { type SinkFixture, claim, failedBatch, makeSink } from './sink.ts'

async function prepare(groupColumns: number[] | null = null) {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key, customer int, note text)`
  return { sql, sink: await makeSink(sql, { groupColumns }) }
}

const insert = (sql: Sql, ...ids: number[]) =>
  sql`insert into orders select i, i * 10, 'new' from unnest(${ids}::int[]) i`

/** `key: state` of every message, newest first. */
async function states(sql: Sql, sink: SinkFixture, state: string | null = null): Promise<string[]> {
  const rows = await sql`
    select m.grp || ': ' || m.state as line from rowhook.list_messages(${sink.id}, ${state}) m`
  return rows.map((row) => row['line'] as string)
}

test('a change is pending until the position has passed it, whether a dispatcher runs or not', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1, 2)
  expect(await states(sql, sink)).toEqual(['2: pending', '1: pending'])
  const run = await claim(sql, sink)
  const chunk = await run.read()
  expect(await states(sql, sink, 'delivered')).toEqual([])
  await run.settle(chunk)
  await insert(sql, 3)
  expect(await states(sql, sink)).toEqual(['3: pending', '2: delivered', '1: delivered'])
  expect(await states(sql, sink, 'pending')).toEqual(['3: pending'])
  expect(await states(sql, sink, 'delivered')).toEqual(['2: delivered', '1: delivered'])
})

test('in the middle of a window, what lies behind the last id is pending', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1, 2, 3)
  const run = await claim(sql, sink)
  await run.settle(await run.read(2))
  await insert(sql, 4)
  expect(await states(sql, sink)).toEqual(['4: pending', '3: pending', '2: delivered', '1: delivered'])
  expect(await states(sql, sink, 'pending')).toEqual(['4: pending', '3: pending'])
})

test('a change of a transaction that was open when the position passed its id is pending once it commits', async () => {
  const { sql, sink } = await prepare()
  const slow = await sql.reserve()
  await slow`begin`
  await slow`insert into orders values (1, 10, 'slow')`
  await insert(sql, 2)
  const run = await claim(sql, sink)
  await run.deliverAll()
  expect(await states(sql, sink)).toEqual(['2: delivered'])
  await slow`commit`
  slow.release()
  expect(await states(sql, sink)).toEqual(['2: delivered', '1: pending'])
  expect(await states(sql, sink, 'pending')).toEqual(['1: pending'])
  expect(await states(sql, sink, 'delivered')).toEqual(['2: delivered'])
})

test('failing, held and discarded messages say what is written down of them', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1, 2, 3)
  await sql`update orders set note = 'changed' where id = 1`
  const run = await claim(sql, sink)
  const chunk = await run.read()
  const [first, , third, again] = chunk.ids as [number, number, number, number]
  await run.settle(chunk, {
    freeze: [failedBatch(sink, [{ id: first, key: 1 }], { failures: 3 })],
    hold: [{ event_id: again, groups: [`${sink.source}:1`], failures: 0 }],
    discard: [
      {
        event_id: third,
        groups: [`${sink.source}:3`],
        attempts: 5,
        webhook_id: 'msg_3',
        error: '400 Bad Request',
      },
    ],
  })
  const shown = await sql`
    select event_id::float8 as event_id, state, source_id, action, grp, record::text as record, changes::text as changes,
      attempts, next_attempt_at > now() as later, last_error, webhook_id
    from rowhook.list_messages(${sink.id})`
  const common = { source_id: sink.source, action: 'insert', changes: null }
  const quiet = { attempts: 0, later: null, last_error: null, webhook_id: null }
  expect(shown).toEqual([
    {
      ...common,
      ...quiet,
      event_id: again,
      state: 'pending',
      action: 'update',
      grp: '1',
      record: '{"id":1,"customer":10,"note":"changed"}',
      changes: '{"note":"new"}',
    },
    {
      ...common,
      event_id: third,
      state: 'discarded',
      grp: '3',
      record: '{"id":3,"customer":30,"note":"new"}',
      attempts: 5,
      later: null,
      last_error: '400 Bad Request',
      webhook_id: 'msg_3',
    },
    {
      ...common,
      ...quiet,
      event_id: chunk.ids[1],
      state: 'delivered',
      grp: '2',
      record: '{"id":2,"customer":20,"note":"new"}',
      attempts: 1,
    },
    {
      ...common,
      event_id: first,
      state: 'failing',
      grp: '1',
      record: '{"id":1,"customer":10,"note":"new"}',
      attempts: 3,
      later: true,
      last_error: '503 Service Unavailable',
      webhook_id: 'msg_1',
    },
  ])
  for (const state of ['failing', 'pending', 'discarded', 'delivered']) {
    expect(await states(sql, sink, state)).toHaveLength(1)
  }
})

test('a first request that takes long is pending, although it is written down as a batch', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1)
  const run = await claim(sql, sink)
  const chunk = await run.read()
  await run.settle(chunk, {
    freeze: [failedBatch(sink, [{ id: chunk.ids[0]!, key: 1 }], { failures: 0, nextMs: null, error: null })],
  })
  expect(await states(sql, sink)).toEqual(['1: pending'])
  expect(await states(sql, sink, 'pending')).toEqual(['1: pending'])
})

test('a discarded message is shown with its payload when the log has forgotten it', async () => {
  const { sql, sink } = await prepare()
  // text that neither jsonb nor a parser of JSON would give back as it was
  await sql`alter table orders add column payload json`
  await sql`select rowhook.refresh('orders')`
  const payload = String.raw`{"b":1.50, "a":"\u0000", "b":2}`
  await sql`insert into orders values (1, 10, 'odd', ${payload}::text::json)`
  const run = await claim(sql, sink)
  const chunk = await run.read()
  await run.settle(chunk, {
    discard: [
      { event_id: chunk.ids[0], groups: [`${sink.source}:1`], attempts: 1, webhook_id: null, error: 'no' },
    ],
  })
  const shown = () =>
    sql`select m.state, m.action, m.grp, m.record::text as record, m.captured_at from rowhook.list_messages(${sink.id}) m`
  const before = await shown()
  expect(before[0]!['record']).toBe(`{"id":1,"customer":10,"note":"odd","payload":${payload}}`)
  await sql`delete from rowhook.event`
  expect(await shown()).toEqual(before)
  const [one] = await sql`select state, grp from rowhook.get_message(${sink.id}, ${chunk.ids[0]!})`
  expect(one).toEqual({ state: 'discarded', grp: '1' })
})

test('a message is found by its id, and only by its own sink', async () => {
  const { sql, sink } = await prepare()
  const other = await makeSink(sql, { name: 'other', table: 'orders' })
  await insert(sql, 1)
  const [event] = await sql`select id from rowhook.event`
  await sql`update rowhook.event set sinks = ${[sink.id]}`
  expect(await sql`select state from rowhook.get_message(${sink.id}, ${event!['id']})`).toEqual([
    { state: 'pending' },
  ])
  expect(await sql`select state from rowhook.get_message(${other.id}, ${event!['id']})`).toEqual([])
  expect(await sql`select state from rowhook.get_message(${sink.id}, 999)`).toEqual([])
})

test('a list is paged, and narrowed by table, group and time', async () => {
  const { sql, sink } = await prepare([2])
  await insert(sql, 1, 2, 3, 4)
  await sql`update rowhook.event set captured_at = '2026-03-01 10:00+00'::timestamptz + (pks[1]::int - 1) * interval '1 day'`
  const ids = async (args: ReturnType<typeof sql>) =>
    (await sql`select m.event_id::int as id from rowhook.list_messages(${sink.id}, ${args}) m`).map(
      (row) => row['id'],
    )
  expect(await ids(sql`p_limit => 2`)).toEqual([4, 3])
  expect(await ids(sql`p_limit => 2, p_after => 3`)).toEqual([2, 1])
  expect(await ids(sql`p_group => '30'`)).toEqual([3])
  expect(await ids(sql`p_source => ${sink.source}`)).toEqual([4, 3, 2, 1])
  expect(await ids(sql`p_source => ${sink.source + 1}`)).toEqual([])
  expect(await ids(sql`p_since => '2026-03-02 10:00+00', p_until => '2026-03-04 10:00+00'`)).toEqual([3, 2])
  await expect(sql`select from rowhook.list_messages(${sink.id}, 'lost')`).rejects.toMatchObject({
    message: "messages have no state 'lost'",
    hint: 'give pending, failing, discarded or delivered, or null for any',
  })
})

test('attempts of what was delivered come from the newest requests', async () => {
  const { sql, sink } = await prepare()
  await insert(sql, 1)
  const run = await claim(sql, sink)
  const [id] = await run.deliverAll()
  await sql`
    insert into rowhook.delivery (sink_id, webhook_id, event_ids, attempt, at, ok, duration_ms)
    select ${sink.id}, 'msg_1', ${[id!]}, n, now(), n = 3, 5 from generate_series(1, 3) n`
  const [shown] = await sql`select attempts, webhook_id, last_error from rowhook.list_messages(${sink.id})`
  expect(shown).toEqual({ attempts: 3, webhook_id: 'msg_1', last_error: null })
})
