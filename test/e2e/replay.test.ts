import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Shop, openShop } from './shop.ts'

const hour = 3_600_000
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()

async function completed(shop: Shop, sink = 'orders'): Promise<void> {
  await eventually(
    async () => {
      const { body } = await shop.rowhook.api('GET', `/api/sinks/${sink}/replays`)
      expect(body.data[0].state).toBe('completed')
    },
    { timeoutMs: 10_000 },
  )
}

test('a replay sends the changes of its window again, in order, under their own keys, marked with its id', async () => {
  const shop = await openShop()
  await shop.makeSink({ batch_size: 10 })
  const { sql, target } = shop
  await sql`insert into orders select i, 'new', i from generate_series(1, 50) i`
  await sql`update orders set status = 'paid' where id <= 20`
  await sql`delete from orders where id = 1`
  const live = [...(await target.waitFor(71))]

  const { status, body } = await shop.rowhook.api('POST', '/api/sinks/orders/replays', { since: ago(hour) })
  expect(status).toBe(201)
  expect(body).toMatchObject({ rows_total: 71 })
  const again = (await target.waitFor(142)).slice(71)

  const bare = ({ metadata: { replay_id: _, ...metadata }, ...message }: (typeof live)[0]) => ({
    ...message,
    metadata,
  })
  const byKey = (messages: typeof live) =>
    new Map(messages.map((message) => [message.metadata.idempotency_key, bare(message)]))
  expect(byKey(again)).toEqual(byKey(live))
  expect(new Set(again.map((m) => m.metadata.replay_id))).toEqual(new Set([body.id]))
  const ofOrder = again.filter((m) => m.metadata.record_pks[0] === '1').map((m) => m.action)
  expect(ofOrder).toEqual(['insert', 'update', 'delete'])
  await completed(shop)
  const after = await shop.rowhook.api('GET', `/api/sinks/orders/replays/${body.id}`)
  expect(after.body).toMatchObject({ rows_total: 71, rows_done: 71, error: null })
  await eventually(async () => {
    expect(await sql`select 1 from rowhook.stream where replay_id is not null`).toHaveLength(0)
  })
})

test('a sink that did not exist when the changes happened gets those that its own filter wants', async () => {
  const shop = await openShop()
  await shop.makeSink({ name: 'first' })
  const { sql, target } = shop
  await sql`insert into orders select i, case when i % 2 = 0 then 'even' else 'odd' end, i from generate_series(1, 10) i`
  await target.waitFor(10)

  await shop.makeSink({ name: 'second', tables: [{ name: 'orders', filter: "status = 'even'" }] })
  const { body } = await shop.rowhook.api('POST', '/api/sinks/second/replays', {
    since: ago(hour),
    filter: 'total > 4',
  })
  const again = (await target.waitFor(13)).slice(10)
  expect(again.map((m) => m.record!.id)).toEqual([6, 8, 10])
  expect(again[0]!.metadata).toMatchObject({ replay_id: body.id, consumer: { name: 'second' } })
  await completed(shop, 'second')
  expect(target.messages).toHaveLength(13)
})

test('a replay of a window without a change completes', async () => {
  const shop = await openShop()
  await shop.makeSink({})
  await shop.rowhook.api('POST', '/api/sinks/orders/replays', { since: ago(hour) })
  await completed(shop)
  await shop.sql`insert into orders values (1, 'new', 1)`
  await shop.target.waitFor(1)
  await shop.rowhook.api('POST', '/api/sinks/orders/replays', { since: ago(hour), until: ago(hour / 2) })
  await completed(shop)
  expect(shop.target.messages).toHaveLength(1)
})

test('a dry run says how many messages a replay would send, and sends none', async () => {
  const shop = await openShop()
  await shop.makeSink({})
  const { sql, target } = shop
  await sql`insert into orders select i, 'new', i from generate_series(1, 30) i`
  await target.waitFor(30)
  const { body } = await shop.rowhook.api('POST', '/api/sinks/orders/replays', {
    since: ago(hour),
    filter: 'id > 10 and now() > current_date',
    dry_run: true,
  })
  expect(body).toEqual({ dry_run: true, rows_total: 20 })
  expect((await shop.rowhook.api('GET', '/api/sinks/orders/replays')).body.data).toEqual([])
})

test('a window from before the log is refused with the earliest time', async () => {
  const shop = await openShop()
  await shop.makeSink({})
  const { status, body } = await shop.rowhook.api('POST', '/api/sinks/orders/replays', {
    since: '2001-01-01T00:00:00Z',
  })
  expect(status).toBe(400)
  expect(body.errors[0]).toMatchObject({
    path: 'since',
    message: expect.stringMatching(/^history begins at 20\d\d-/),
  })
})

test('call rowhook.replay takes a text filter, which the dispatcher compiles', async () => {
  const shop = await openShop()
  await shop.makeSink({})
  const { sql, target } = shop
  await sql`insert into orders select i, 'new', i from generate_series(1, 10) i`
  await target.waitFor(10)
  await sql`call rowhook.replay('orders', since => now() - interval '2 hours', filter => 'id between 3 and 5')`
  const again = (await target.waitFor(13)).slice(10)
  expect(again.map((m) => m.record!.id)).toEqual([3, 4, 5])
  await completed(shop)
})

test('a filter that the dispatcher refuses fails the replay with the reason', async () => {
  const shop = await openShop()
  await shop.makeSink({})
  await shop.sql`insert into orders values (1, 'new', 1)`
  await shop.target.waitFor(1)
  await shop.sql`call rowhook.replay('orders', since => now() - interval '5 minutes', filter => 'random() < 2')`
  await eventually(async () => {
    const { body } = await shop.rowhook.api('GET', '/api/sinks/orders/replays')
    expect(body.data[0]).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/^filter: .*random/),
    })
  })
})

test('a replay is paused, resumed and cancelled while live changes flow', async () => {
  const shop = await openShop()
  await shop.makeSink({ concurrency: 1 })
  const { sql, target, rowhook } = shop
  await sql`insert into orders select i, 'new', i from generate_series(1, 200) i`
  await target.waitFor(200)
  target.respond({ delayMs: 30 })
  const { body: replay } = await rowhook.api('POST', '/api/sinks/orders/replays', { since: ago(hour) })
  const path = `/api/sinks/orders/replays/${replay.id}`
  await target.waitFor(205)
  expect((await rowhook.api('POST', `${path}/pause`)).body.state).toBe('paused')
  await eventually(async () => {
    expect(await sql`select 1 from rowhook.stream where replay_id is not null and owner is not null`).toEqual(
      [],
    )
  })
  const sent = target.messages.length
  await sql`insert into orders values (1000, 'live', 1)`
  await target.waitFor(sent + 1)
  expect(target.messages.at(-1)!.record!.id).toBe(1000)

  expect((await rowhook.api('POST', `${path}/resume`)).body.state).toBe('active')
  await target.waitFor(sent + 10)
  expect((await rowhook.api('POST', `${path}/cancel`)).body.state).toBe('cancelled')
  await eventually(async () => {
    expect(await sql`select 1 from rowhook.stream where replay_id is not null`).toEqual([])
  })
  const { status, body } = await rowhook.api('POST', `${path}/resume`)
  expect(status).toBe(409)
  expect(body.detail).toContain('cancelled')
})

test('what fails of a replay is discarded with its replay, and the replay completes', async () => {
  const shop = await openShop()
  await shop.makeSink({ max_retry_count: 0 })
  const { sql, target } = shop
  await sql`insert into orders select i, 'new', i from generate_series(1, 5) i`
  await target.waitFor(5)
  target.respond(({ messages }) => ({ status: messages[0]!.record!.id === 3 ? 500 : 200 }))
  await sql`call rowhook.replay('orders', since => now() - interval '1 hour')`
  await target.waitFor(9)
  await completed(shop)
  expect(await sql`select event_id::int, replay_id is not null as of_replay from rowhook.discarded`).toEqual([
    { event_id: expect.any(Number), of_replay: true },
  ])
})

test('a replay leaves out what its sink excludes today, whatever was stored, under whichever name', async () => {
  const shop = await openShop()
  await shop.makeSink({})
  const { sql, target, rowhook } = shop
  await sql`insert into orders values (1, 'secret', 1)`
  await target.waitFor(1)
  await rowhook.api('PATCH', '/api/sinks/orders', {
    tables: [{ name: 'orders', exclude_columns: ['status'] }],
  })
  await sql`alter table orders rename column status to note`
  await sql`insert into orders values (2, 'secret', 1)`
  await target.waitFor(2)
  await sql`select rowhook.refresh('orders')`
  await rowhook.api('POST', '/api/sinks/orders/replays', { since: ago(hour) })
  const again = (await target.waitFor(4)).slice(2)
  expect(again.map((m) => m.record)).toEqual([
    { id: 1, total: 1 },
    { id: 2, total: 1 },
  ])
})
