import { randomUUID } from 'node:crypto'
import type { PendingQuery, Row, Sql } from 'postgres'
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { type Ops, type SinkFixture, claim, failedBatch, makeSink } from './sink.ts'

async function prepare(count: number) {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key, customer int, note text)`
  const sink = await makeSink(sql)
  await sql`insert into orders select i, i * 10, 'new' from generate_series(1, ${count}) i`
  return { sql, sink }
}

/** Reads everything, notes `ops` about it, and ends the run. */
async function settle(sql: Sql, sink: SinkFixture, ops: (ids: number[]) => Ops): Promise<number[]> {
  const run = await claim(sql, sink)
  const chunk = await run.read()
  await run.settle(chunk, ops(chunk.ids))
  await run.release()
  return chunk.ids
}

const discarded = (sink: SinkFixture, id: number, key = id) => ({
  event_id: id,
  groups: [`${sink.source}:${key}`],
  attempts: 3,
  webhook_id: 'msg_old',
  error: '400 Bad Request',
})

const count = async (query: PendingQuery<Row[]>) => Number((await query)[0]!['count'])
const redeliver = (sql: Sql, sink: SinkFixture, state: string | null, ids: number[] | null = null) =>
  count(sql`select rowhook.redeliver(${sink.id}, ${state}, ${ids}) as count`)
const discard = (sql: Sql, sink: SinkFixture, state: string | null, ids: number[] | null = null) =>
  count(sql`select rowhook.discard(${sink.id}, ${state}, ${ids}) as count`)

const held = async (sql: Sql) =>
  (await sql`select event_id::int as id, groups, failures from rowhook.held order by seq`).map((row) => ({
    ...row,
  }))
const states = async (sql: Sql, sink: SinkFixture) =>
  (
    await sql`select m.event_id || ' ' || m.state as line from rowhook.list_messages(${sink.id}) m order by m.event_id`
  ).map((row) => row['line'] as string)

test('a discarded message goes behind everything of its group that waits, with no failures', async () => {
  const { sql, sink } = await prepare(2)
  await sql`update orders set note = 'changed' where id = 1`
  await settle(sql, sink, ([first, , again]) => ({
    discard: [discarded(sink, first!, 1)],
    freeze: [failedBatch(sink, [{ id: 2, key: 2 }])],
    hold: [{ event_id: again, groups: [`${sink.source}:1`], failures: 2 }],
  }))
  expect(await redeliver(sql, sink, 'discarded')).toBe(1)
  expect(await held(sql)).toEqual([
    { id: 3, groups: [`${sink.source}:1`], failures: 2 },
    { id: 1, groups: [`${sink.source}:1`], failures: 0 },
  ])
  expect(await states(sql, sink)).toEqual(['1 pending', '2 failing', '3 pending'])
  expect(await sql`select from rowhook.discarded`).toHaveLength(0)
})

test('a discarded message that the log has lost comes back as it was, and in no window again', async () => {
  const { sql, sink } = await prepare(1)
  await settle(sql, sink, ([id]) => ({ discard: [discarded(sink, id!)] }))
  const event = () => sql`
    select id, xid::text, source_id, action::text, captured_at::text, sinks, groups, pks, record::text from rowhook.event`
  const before = await event()
  await sql`delete from rowhook.event`
  expect(await redeliver(sql, sink, null, [1])).toBe(1)
  expect(await event()).toEqual(before)
  const run = await claim(sql, sink)
  expect((await run.read()).ids).toEqual([])
  expect(await held(sql)).toHaveLength(1)
})

test('a message that was discarded ahead of the position is simply read again', async () => {
  const { sql, sink } = await prepare(2)
  expect(await discard(sql, sink, null, [1])).toBe(1)
  expect(await states(sql, sink)).toEqual(['1 discarded', '2 pending'])
  expect(await redeliver(sql, sink, 'discarded')).toBe(1)
  expect(await held(sql)).toEqual([])
  const run = await claim(sql, sink)
  expect(await run.deliverAll()).toEqual([1, 2])
})

test('what is discarded while it waits in the log is never read', async () => {
  const { sql, sink } = await prepare(3)
  expect(await discard(sql, sink, null, [2])).toBe(1)
  await sql`insert into orders values (4, 40, 'new')`
  const run = await claim(sql, sink)
  expect((await run.read(2)).ids).toEqual([1, 3])
  expect(await run.deliverAll()).toEqual([1, 3, 4])
  expect(await states(sql, sink)).toEqual(['1 delivered', '2 discarded', '3 delivered', '4 delivered'])
})

test('a delivered message is sent again when its id is named', async () => {
  const { sql, sink } = await prepare(1)
  await settle(sql, sink, () => ({}))
  expect(await redeliver(sql, sink, null, [1])).toBe(1)
  expect(await redeliver(sql, sink, null, [1])).toBe(0)
  expect(await held(sql)).toEqual([{ id: 1, groups: [`${sink.source}:1`], failures: 0 }])
  expect(await states(sql, sink)).toEqual(['1 pending'])
})

test('an update that moved between groups waits behind both when it is sent again', async () => {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key, customer int)`
  const byKey = await makeSink(sql, { name: 'by-key' })
  const byCustomer = await makeSink(sql, { name: 'by-customer', groupColumns: [2] })
  const unordered = await makeSink(sql, { name: 'unordered', groupColumns: [] })
  await sql`insert into orders values (1, 10)`
  await sql`update orders set id = 2, customer = 20`
  const keys = async (sink: SinkFixture) => {
    await settle(sql, sink, () => ({}))
    await redeliver(sql, sink, null, [1, 2])
    return (await sql`select groups from rowhook.held where stream_id = ${sink.stream} order by seq`).map(
      (row) => row['groups'],
    )
  }
  expect(await keys(byKey)).toEqual([[`${byKey.source}:1`], [`${byKey.source}:1`, `${byKey.source}:2`]])
  expect(await keys(byCustomer)).toEqual([['=10'], ['=10', '=20']])
  expect(await keys(unordered)).toEqual([[], []])
})

test('a failing batch is due at once, and an open circuit probes', async () => {
  const { sql, sink } = await prepare(2)
  await settle(sql, sink, () => ({
    freeze: [
      failedBatch(
        sink,
        [
          { id: 1, key: 1 },
          { id: 2, key: 2 },
        ],
        { nextMs: 500_000 },
      ),
    ],
    circuit: { state: 'open', blind: true, failures: 12, probes: 7, next_ms: 500_000 },
  }))
  // asked for in the place of the next probe, and no oftener than it is made: the pace stays what it was
  for (let i = 0; i < 2; i += 1) {
    expect(await redeliver(sql, sink, 'failing')).toBe(2)
    const [batch] = await sql`
      select b.id, b.attempt, b.next_at <= now() as due, st.circuit_next_at <= now() as probes,
        st.circuit_probes as probed
      from rowhook.batch b join rowhook.stream st on st.id = b.stream_id`
    expect(batch).toEqual({ id: 'msg_1', attempt: 1, due: true, probes: true, probed: 6 })
  }
})

test('discarding one of a failing batch makes the rest a new batch, due now', async () => {
  const { sql, sink } = await prepare(3)
  await settle(sql, sink, () => ({
    freeze: [
      failedBatch(
        sink,
        [
          { id: 1, key: 1 },
          { id: 2, key: 2 },
          { id: 3, key: 3 },
        ],
        { failures: 2 },
      ),
    ],
  }))
  expect(await discard(sql, sink, null, [2])).toBe(1)
  const [batch] = await sql`
    select id, event_ids::int[] as ids, member_failures as failures, groups, attempt, next_at <= now() as due, last_error
    from rowhook.batch`
  expect(batch).toEqual({
    id: expect.stringMatching(/^msg_[0-9a-f-]{36}$/),
    ids: [1, 3],
    failures: [2, 2],
    groups: [`${sink.source}:1`, `${sink.source}:3`],
    attempt: 0,
    due: true,
    last_error: '503 Service Unavailable',
  })
  const [gone] =
    await sql`select event_id::int as id, attempts, webhook_id, error, groups from rowhook.discarded`
  expect(gone).toEqual({
    id: 2,
    attempts: 2,
    webhook_id: 'msg_1',
    error: 'discarded by request',
    groups: [`${sink.source}:2`],
  })
})

test('discarding all that fail frees their groups, and what waits behind them stays', async () => {
  const { sql, sink } = await prepare(1)
  await sql`update orders set note = 'changed'`
  await settle(sql, sink, () => ({
    freeze: [failedBatch(sink, [{ id: 1, key: 1 }])],
    hold: [{ event_id: 2, groups: [`${sink.source}:1`], failures: 0 }],
  }))
  expect(await discard(sql, sink, 'failing')).toBe(1)
  expect(await sql`select from rowhook.batch`).toHaveLength(0)
  expect(await states(sql, sink)).toEqual(['1 discarded', '2 pending'])
})

test('discarding all that is pending takes what is set aside and what is in the log', async () => {
  const { sql, sink } = await prepare(2)
  await sql`update orders set note = 'changed' where id = 1`
  await settle(sql, sink, ([first, second, third]) => ({
    freeze: [failedBatch(sink, [{ id: first!, key: 1 }])],
    hold: [{ event_id: third, groups: [`${sink.source}:1`], failures: 0 }],
    discard: [discarded(sink, second!)],
  }))
  await sql`insert into orders values (9, 90, 'late')`
  expect(await discard(sql, sink, 'pending')).toBe(2)
  expect(await states(sql, sink)).toEqual(['1 failing', '2 discarded', '3 discarded', '4 discarded'])
  expect(await held(sql)).toEqual([])
  const [at] =
    await sql`select event -> 'pks' as pks, record::text as record from rowhook.discarded where event_id = 4`
  expect(at).toEqual({ pks: ['9'], record: '{"id":9,"customer":90,"note":"late"}' })
})

test('while a dispatcher runs the stream, it is told, and nothing changes under it', async () => {
  const { sql, sink } = await prepare(1)
  const run = await claim(sql, sink)
  const chunk = await run.read()
  await run.settle(chunk, { discard: [discarded(sink, 1)] })
  const heard: string[] = []
  const { unlisten } = await sql.listen('rowhook_wake', (payload) => heard.push(payload))
  expect(await redeliver(sql, sink, 'discarded')).toBe(1)
  await eventually(() => expect(heard).toContain('config'))
  await unlisten()
  expect(await states(sql, sink)).toEqual(['1 discarded'])
  const [beat] = await sql`select commands from rowhook.beat(${run.dispatcher}, false)`
  expect(beat).toEqual({ commands: [sink.id] })

  const apply = (owner: string | null) =>
    count(sql`select rowhook.apply_commands(${sink.id}, ${owner}) as count`)
  expect(await apply(null)).toBe(0)
  expect(await apply('00000000-0000-4000-8000-000000000000')).toBe(0)
  expect(await states(sql, sink)).toEqual(['1 discarded'])
  expect(await apply(run.dispatcher)).toBe(1)
  expect(await states(sql, sink)).toEqual(['1 pending'])
  expect(await sql`select from rowhook.command`).toHaveLength(0)
})

test('of all that failed, what is delivered before the run is stopped is not sent again, unless its id was named', async () => {
  const { sql, sink } = await prepare(2)
  const run = await claim(sql, sink)
  const chunk = await run.read()
  await run.settle(chunk, {
    freeze: [1, 2].map((n) => failedBatch(sink, [{ id: n, key: n }], { id: `msg_${n}` })),
  })
  expect(await redeliver(sql, sink, 'failing')).toBe(2)
  await run.note({ done: ['msg_1'] })
  const apply = () => count(sql`select rowhook.apply_commands(${sink.id}, ${run.dispatcher}) as count`)
  expect(await apply()).toBe(1)
  expect(await states(sql, sink)).toEqual(['1 delivered', '2 failing'])

  expect(await redeliver(sql, sink, null, [1])).toBe(1)
  expect(await apply()).toBe(1)
  expect(await states(sql, sink)).toEqual(['1 pending', '2 failing'])
})

test('commands that a dispatcher left undone are done when another looks for work', async () => {
  const { sql, sink } = await prepare(1)
  const run = await claim(sql, sink)
  await run.settle(await run.read(), { discard: [discarded(sink, 1)] })
  await redeliver(sql, sink, 'discarded')
  await run.release()
  const [found] = await sql`select rowhook.find_orphans()::text[] as streams`
  expect(found).toEqual({ streams: [sink.stream] })
  expect(await states(sql, sink)).toEqual(['1 pending'])
})

test('a message asked for again is found although batches of other groups wait', async () => {
  const { sql, sink } = await prepare(2)
  await settle(sql, sink, () => ({ freeze: [failedBatch(sink, [{ id: 1, key: 1 }])] }))
  const orphans = async () => (await sql`select rowhook.find_orphans()::text[] as streams`)[0]!['streams']
  expect(await orphans()).toEqual([])
  await redeliver(sql, sink, null, [2])
  expect(await orphans()).toEqual([sink.stream])
})

test('several commands about one message are done in the order in which they came', async () => {
  const { sql, sink } = await prepare(1)
  const run = await claim(sql, sink)
  await run.settle(await run.read(), { discard: [discarded(sink, 1)] })
  await redeliver(sql, sink, null, [1])
  await sql`insert into rowhook.command (sink_id, kind, event_id) values (${sink.id}, 'discard', 1)`
  await run.release()
  await sql`select rowhook.apply_commands(${sink.id})`
  expect(await states(sql, sink)).toEqual(['1 discarded'])
})

test('a message whose payload is lost cannot be sent again', async () => {
  const { sql, sink } = await prepare(1)
  const run = await claim(sql, sink)
  const chunk = await run.read()
  await sql`delete from rowhook.event`
  await run.settle(chunk, { discard: [discarded(sink, 1)] })
  await run.release()
  expect(await redeliver(sql, sink, 'discarded')).toBe(0)
  expect(await states(sql, sink)).toEqual(['1 discarded'])
})

test('bad input is refused with what to do', async () => {
  const { sql, sink } = await prepare(0)
  const refused = async (query: ReturnType<Sql>) => {
    const error = await query.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    const { message, hint } = error as { message: string; hint: string }
    return { message, hint }
  }
  expect(await refused(sql`select rowhook.redeliver(999, 'failing')`)).toEqual({
    message: 'there is no sink with id 999',
    hint: 'select id, name from rowhook.status',
  })
  expect(await refused(sql`select rowhook.redeliver(${sink.id})`)).toEqual({
    message: 'redeliver needs a state or event ids',
    hint: 'to mean all messages of a state, name the state',
  })
  expect(await refused(sql`select rowhook.discard(${sink.id}, 'lost')`)).toEqual({
    message: "messages have no state 'lost'",
    hint: 'give pending or failing',
  })
  expect(await refused(sql`select rowhook.redeliver(${sink.id}, 'delivered')`)).toEqual({
    message: 'messages that are delivered cannot all be redelivered',
    hint: 'use a replay (rowhook.replay), or name event ids',
  })
  expect(await refused(sql`select rowhook.discard(${sink.id}, 'delivered')`)).toEqual({
    message: 'messages that are delivered cannot all be discarded',
    hint: 'give pending or failing',
  })
})

test('what a replay has discarded ahead of the position is pending, until it is discarded live or is through', async () => {
  const { sql, sink } = await prepare(3)
  const run = await claim(sql, sink)
  const { ids } = await run.read()
  const replay = randomUUID()
  for (const id of ids) {
    await sql`
      insert into rowhook.discarded (sink_id, event_id, replay_id, groups, attempts, error, event, record)
      select ${sink.id}, e.id, ${replay}, '{}', 1, '500', rowhook.event_document(e), e.record
      from rowhook.event e where e.id = ${id}`
  }
  await run.release()
  const [first, second, third] = ids
  const pending = async () =>
    Number((await sql`select pending from rowhook.sink_stats(${[sink.id]})`)[0]!['pending'])
  expect(await states(sql, sink)).toEqual(ids.map((id) => `${id} pending`))
  expect(await pending()).toBe(3)

  expect(await discard(sql, sink, null, [second!])).toBe(1)
  expect(await states(sql, sink)).toEqual([`${first} pending`, `${second} discarded`, `${third} pending`])
  expect(await pending()).toBe(2)
  const again = await claim(sql, sink)
  expect(await again.deliverAll()).toEqual([first, third])
  await again.release()
  expect(await states(sql, sink)).toEqual(ids.map((id) => `${id} discarded`))
})
