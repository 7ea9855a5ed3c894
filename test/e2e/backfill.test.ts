import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Shop, openShop } from './shop.ts'

const backfills = async (shop: Shop, sink = 'orders') =>
  (await shop.rowhook.api('GET', `/api/sinks/${sink}/backfills`)).body.data as Record<string, unknown>[]

async function ended(shop: Shop, state = 'completed', sink = 'orders') {
  await eventually(async () => expect((await backfills(shop, sink)).map((b) => b.state)).toEqual([state]), {
    timeoutMs: 30_000,
  })
}

const fill = (shop: Shop, count: number) =>
  shop.sql`insert into orders select i, case when i % 2 = 0 then 'even' else 'odd' end, i * 1.10 from generate_series(1, ${count}) i`

test('a backfill sends every row that is there, once, as action read', async () => {
  const shop = await openShop()
  await fill(shop, 2001)
  await shop.makeSink({ batch_size: 10, backfill: { tables: [{ name: 'orders' }] } })
  const { target } = shop
  const messages = await target.waitFor(2001, { timeoutMs: 10_000 })
  expect(new Set(messages.map((m) => m.record!.id)).size).toBe(2001)
  const [{ id }] = (await backfills(shop)) as [{ id: string }]
  expect(messages[0]).toMatchObject({
    action: 'read',
    changes: null,
    record: { id: 1, status: 'odd', total: 1.1 },
    metadata: {
      record_pks: ['1'],
      previous_pks: null,
      backfill_id: id,
      replay_id: null,
      idempotency_key: `${id}-["1"]`,
    },
  })
  await ended(shop)
  expect(await backfills(shop)).toMatchObject([{ rows_total: 2001, rows_done: 2001, error: null }])
  expect(target.messages).toHaveLength(2001)
})

test("the sink's filter, its groups and exclusions, and the backfill's own condition apply", async () => {
  const shop = await openShop()
  await fill(shop, 40)
  await shop.makeSink({
    tables: [{ name: 'orders', filter: "status = 'even'", group_by: ['status'], exclude_columns: ['total'] }],
  })
  await shop.rowhook.api('POST', '/api/sinks/orders/backfills', {
    tables: [
      { name: 'orders', where: 'id < 20 and now() > current_date', sort_column: 'id', start: 6, end: '14' },
    ],
  })
  await ended(shop)
  expect(shop.target.messages.map((m) => m.record)).toEqual(
    [6, 8, 10, 12, 14].map((id) => ({ id, status: 'even' })),
  )
  expect(await backfills(shop)).toMatchObject([{ rows_total: 5, rows_done: 5 }])
})

test('a backfill is paused, resumed and cancelled; what is paused keeps its place', async () => {
  const shop = await openShop()
  await fill(shop, 3000)
  const { target, rowhook, sql } = shop
  target.respond({ delayMs: 10 })
  await shop.makeSink({ concurrency: 2, backfill: { tables: [{ name: 'orders' }] } })
  const [{ id }] = (await backfills(shop)) as [{ id: string }]
  const move = async (verb: string) =>
    (await rowhook.api('POST', `/api/sinks/orders/backfills/${id}/${verb}`)).body.state
  await target.waitFor(50)

  expect(await move('pause')).toBe('paused')
  const pausedAt = performance.now()
  let last = performance.now()
  let seen = target.messages.length
  await eventually(() => {
    if (target.messages.length > seen) last = performance.now()
    seen = target.messages.length
    expect(performance.now() - last).toBeGreaterThan(700)
  })
  expect(last - pausedAt).toBeLessThan(2000)
  await sql`update orders set status = 'changed' where id = 1`
  await target.waitFor(seen + 1)
  expect(target.messages.at(-1)!.action).toBe('update')

  expect(await move('resume')).toBe('active')
  await target.waitFor(seen + 50)
  const repeated =
    target.messages.length - new Set(target.messages.map((m) => m.metadata.idempotency_key)).size
  expect(repeated).toBeLessThan(20)

  expect(await move('cancel')).toBe('cancelled')
  await eventually(async () =>
    expect(await sql`select from rowhook.backfill where state = 'active'`).toEqual([]),
  )
  expect((await rowhook.api('POST', `/api/sinks/orders/backfills/${id}/resume`)).status).toBe(409)
})

test('several sinks are backfilled at once, and several tables by one backfill', async () => {
  const shop = await openShop()
  await fill(shop, 500)
  await shop.sql`create table customers (name text primary key)`
  await shop.sql`insert into customers select 'customer ' || i from generate_series(1, 300) i`
  const tables = [{ name: 'orders' }, { name: 'customers' }]
  await shop.makeSink({ name: 'first', tables, backfill: { tables } })
  await shop.makeSink({ name: 'second', tables })
  await shop.sql`call rowhook.backfill('second')`
  await Promise.all([ended(shop, 'completed', 'first'), ended(shop, 'completed', 'second')])
  expect(shop.target.messages).toHaveLength(1600)
  expect(await backfills(shop, 'second')).toMatchObject([
    { tables: ['public.orders', 'public.customers'], rows_total: 800, rows_done: 800 },
  ])
})

test('what a dispatcher alone can see fails the backfill with the reason', async () => {
  const shop = await openShop()
  await fill(shop, 10)
  await shop.makeSink({})
  await shop.sql`call rowhook.backfill('orders', filter => 'total > random()')`
  await ended(shop, 'failed')
  expect((await backfills(shop))[0]!.error).toMatch(/^filter: .*random/)
  expect(shop.target.messages).toEqual([])
})

test('a table that is dropped meanwhile fails the backfill with the reason', async () => {
  const shop = await openShop()
  await fill(shop, 5000)
  shop.target.respond({ delayMs: 5 })
  await shop.makeSink({ concurrency: 1, backfill: { tables: [{ name: 'orders' }] } })
  await shop.sql`update rowhook.backfill_table set chunk_size = 50`
  await shop.target.waitFor(20)
  await shop.sql`drop table orders`
  await ended(shop, 'failed')
  expect((await backfills(shop))[0]!.error).toBe('table public.orders was dropped')
})

test('a row on which the filter raises is discarded with the error, and the others arrive', async () => {
  const shop = await openShop()
  await fill(shop, 20)
  await shop.sql`update orders set total = 0 where id = 7`
  await shop.makeSink({
    tables: [{ name: 'orders', filter: '10 / total > 0' }],
    backfill: { tables: [{ name: 'orders' }] },
  })
  await ended(shop)
  expect(shop.target.messages).toHaveLength(19)
  const { body } = await shop.rowhook.api('GET', '/api/sinks/orders/messages?state=discarded')
  expect(body.data).toMatchObject([
    { action: 'read', record: { id: 7 }, last_error: expect.stringMatching(/division by zero/) },
  ])
})

test('a backfilled row that fails is tried again with the same body, and later changes of it wait', async () => {
  const shop = await openShop()
  await fill(shop, 20)
  const { target, sql } = shop
  target.respond(({ messages }) => ({
    status: messages.some((m) => m.record!.id === 7 && m.action === 'read') ? 500 : 200,
  }))
  await shop.makeSink({ backfill: { tables: [{ name: 'orders' }] } })
  await target.waitFor(19)
  await sql`update orders set status = 'changed' where id = 7`
  await sql`update orders set status = 'changed' where id = 8`
  await target.waitFor(20)
  const bodies = () => target.requests.filter((r) => r.messages[0]!.record!.id === 7).map((r) => r.body)
  await eventually(() => expect(bodies().length).toBeGreaterThan(1))
  expect(new Set(bodies()).size).toBe(1)
  target.respond({})
  await eventually(
    () =>
      expect(target.messages.slice(-2).map((m) => [m.record!.id, m.action])).toEqual([
        [7, 'read'],
        [7, 'update'],
      ]),
    {
      timeoutMs: 10_000,
    },
  )
  await ended(shop)
})

test('a table without a key is backfilled as one group', async () => {
  const shop = await openShop('create table orders (note text)')
  await shop.sql`insert into orders select 'note ' || i from generate_series(1, 500) i`
  await shop.makeSink({ batch_size: 50, backfill: { tables: [{ name: 'orders' }] } })
  await ended(shop)
  expect(shop.target.messages.map((m) => m.record!.note)).toEqual(
    Array.from({ length: 500 }, (_, i) => `note ${i + 1}`),
  )
  expect(shop.target.messages[0]!.metadata.record_pks).toEqual([])
  expect(new Set(shop.target.messages.map((m) => m.metadata.idempotency_key)).size).toBe(500)
})

test('an edit of the sink holds for the rows that are still to come', async () => {
  const shop = await openShop()
  await fill(shop, 2000)
  shop.target.respond({ delayMs: 3 })
  await shop.makeSink({ concurrency: 1, backfill: { tables: [{ name: 'orders' }] } })
  await shop.target.waitFor(100)
  await shop.rowhook.api('PATCH', '/api/sinks/orders', {
    tables: [{ name: 'orders', filter: "status = 'even'" }],
  })
  const edited = shop.target.messages.length
  await ended(shop)
  const later = shop.target.messages.slice(edited + 20).map((m) => m.record!.status)
  expect(new Set(later)).toEqual(new Set(['even']))
})
