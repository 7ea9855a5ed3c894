import { expect, test } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { receiver } from '../support/receiver.ts'
import { startRowhook } from '../support/rowhook-process.ts'

test('a backfill sends every row that is there, once, as action read', async () => {
  const { url, sql } = await createDatabase()
  await sql`create table public.orders (id int primary key, total numeric not null)`
  await sql`insert into orders select i, i * 1.10 from generate_series(-500, 1500) i`
  const target = await receiver()
  const rowhook = await startRowhook({ url })
  await rowhook.api('POST', '/api/endpoints', { name: 'app', url: target.url })
  const made = await rowhook.api('POST', '/api/sinks', {
    name: 'orders',
    endpoint: 'app',
    tables: [{ name: 'orders' }],
    batch_size: 10,
    backfill: { tables: [{ name: 'orders' }] },
  })
  expect(made.status).toBe(201)

  const messages = await target.waitFor(2001, { timeoutMs: 10_000 })
  expect(new Set(messages.map((m) => m.record!.id)).size).toBe(2001)
  expect(messages[0]).toMatchObject({ action: 'read', changes: null, metadata: { record_pks: ['-500'] } })
  await eventually(async () => {
    const { body } = await rowhook.api('GET', '/api/sinks/orders/backfills')
    expect(body.data).toMatchObject([{ state: 'completed', rows_total: 2001, rows_done: 2001, error: null }])
  })
  expect(target.messages).toHaveLength(2001)
})
