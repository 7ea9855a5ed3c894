// A small shop whose sinks are in every state that the console has to show.
import type postgres from 'postgres'
import { createDatabase } from '../support/database.ts'
import { ask } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { type Receiver, receiver } from '../support/receiver.ts'
import { type RowhookProcess, startRowhook } from '../support/rowhook-process.ts'

/** The shop, open. */
export interface Shop {
  rowhook: RowhookProcess
  target: Receiver
  /** Event id of a message that fails, and of one that was delivered. */
  failing: string
}

export async function openShop(): Promise<Shop> {
  const { url, sql } = await createDatabase()
  await sql.unsafe(`
    create table orders (id bigint generated always as identity primary key, customer_id int not null,
      item text not null, price numeric(10,2) not null, status text not null default 'pending', paid_at timestamptz);
    create table subscriptions (id uuid primary key default gen_random_uuid(), customer text not null, mrr numeric not null, plan text);
    create table stock (sku text primary key, on_hand int not null, warehouse text);
    create table invoices (id int primary key, total numeric not null, due date)`)
  const target = await receiver({
    respond: ({ path, messages }) => {
      if (path === '/billing')
        return { status: 503, body: 'upstream is restarting', headers: { 'retry-after': '40' } }
      if (messages.some(({ record }) => record?.['customer_id'] === 7 && record['status'] === 'paid'))
        return { status: 422, body: { error: 'customer 7 has no shipping address', code: 'no_address' } }
      return { status: 200, body: { received: messages.length }, delayMs: 2 + ((messages.length * 7) % 11) }
    },
  })
  const rowhook = await startRowhook({ url })
  const call = async (method: string, path: string, body?: unknown) =>
    ask(rowhook, method, `/api${path}`, body)
  await call('POST', '/endpoints', {
    name: 'shop-app',
    url: target.url,
    headers: { 'x-env': 'prod' },
    encrypted_headers: { authorization: 'Bearer sk_live_51Hx' },
  })
  const sink = (name: string, table: string, more: object) =>
    call('POST', '/sinks', { name, endpoint: 'shop-app', tables: [{ name: table }], ...more })
  await sink('orders', 'orders', {
    path: '/orders',
    tables: [{ name: 'orders', filter: 'price > 10', group_by: ['customer_id'] }],
    batch_size: 5,
  })
  await sink('billing', 'invoices', { path: '/billing' })
  await sink('stock-cache', 'stock', { path: '/stock', batch_size: 100, message_type: 'rows' })
  await sink('mailer', 'subscriptions', {
    path: '/mails',
    tables: [{ name: 'subscriptions', filter: 'mrr > 100 and mrr is distinct from old.mrr' }],
  })
  const items = ['monitor', 'keyboard', 'desk lamp', 'standing desk', 'headphones', 'webcam']
  const sell = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      const customer = i % 9
      await sql`insert into orders (customer_id, item, price) values (${customer}, ${items[i % 6]!}, ${19.99 + i})`
    }
    await sql`update orders set status = 'paid', paid_at = now() where id in (select id from orders order by id desc limit ${count / 2}::int)`
  }
  await sell(60)
  await sql`insert into invoices select i, 100 + i, current_date + i from generate_series(1, 12) i`
  await sql`insert into stock select 'SKU-' || i, i * 3, 'north' from generate_series(1, 240) i`
  await sql`insert into subscriptions (customer, mrr, plan) select 'customer ' || i, i * 40, 'team' from generate_series(1, 8) i`
  const failing = await eventually(
    async () => {
      const { data } = await call('GET', '/sinks/orders/messages?state=failing')
      if (data.length !== 1 || data[0].attempts < 4) throw new Error('nothing fails yet')
      return data[0].event_id as string
    },
    { timeoutMs: 20_000 },
  )
  await eventually(
    async () => {
      const { health } = await call('GET', '/sinks/billing')
      if (health !== 'failing') throw new Error(`billing is ${health}`)
    },
    { timeoutMs: 60_000, everyMs: 200 },
  ).catch(() => {})
  await call('POST', '/sinks/mailer/pause')
  await spreadOverTheDay(sql)
  return { rowhook, target, failing }
}

/** Charts of a shop that opened a minute ago would be empty: what it would have sent in the past day. */
async function spreadOverTheDay(sql: postgres.Sql): Promise<void> {
  await sql`
    insert into rowhook.delivery (sink_id, webhook_id, event_ids, attempt, at, ok, status, duration_ms)
    select s.id, 'msg_' || m, array_fill(1000000000 + m, array[1 + m % 4]), 1, now() - m * interval '4 seconds',
      true, 200, 8 + 6 * sin(m / 40.0)
    from rowhook.sink s, generate_series(15, 40) m
    where s.name = 'orders'`
  // 4 to 90 ms, most of it at 8 to 20, slower twice an hour; see src/deliver/latency.ts for the places
  await sql`
    insert into rowhook.activity (sink_id, at, messages, requests, failed, latency)
    select s.id, date_trunc('minute', now()) - m * interval '1 minute', r.requests * r.batch, r.requests,
      case when s.name = 'orders' and m % 7 = 3 then 1 + m % 3 else 0 end,
      array_fill(0, array[14]) || array[r.requests / 8, r.requests / 4, r.requests / 3, r.requests / 5, r.requests / 12]
        || case when m % 29 < 4 then array[0, 0, 0, r.requests / 5, r.requests / 6, 2] else array[1, 0, 1] end
    from rowhook.sink s
    cross join generate_series(1, 1439) m
    cross join lateral (
      select (24 + 14 * sin(m / 9.0) + 9 * random() + case when m % 29 < 4 then 10 else 0 end)::int as requests,
             case s.name when 'stock-cache' then 40 when 'orders' then 3 else 1 end as batch) r
    where s.name = 'orders' or s.name = 'stock-cache' or s.name = 'mailer' and m % 3 > 0
      or s.name = 'billing' and m > 9
    on conflict (sink_id, at) do nothing`
}
