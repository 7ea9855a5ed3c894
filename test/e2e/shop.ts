// A shop whose orders are captured: database, dispatcher with API, receiver, and how to make its sinks.
import type postgres from 'postgres'
import { expect } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { type Receiver, receiver } from '../support/receiver.ts'
import { type RowhookProcess, startRowhook } from '../support/rowhook-process.ts'

export interface Shop {
  url: string
  sql: postgres.Sql
  target: Receiver
  rowhook: RowhookProcess
  /** Makes a sink on orders; `fields` as in POST /api/sinks. Default name: orders. */
  makeSink(fields: Record<string, unknown>): Promise<void>
}

/**
 * Opens a shop with an empty table `orders`.
 * @param createTable SQL text that makes the table instead
 */
export async function openShop(
  createTable = 'create table public.orders (id int primary key, status text, total numeric)',
): Promise<Shop> {
  const { url, sql } = await createDatabase()
  await sql.unsafe(createTable)
  const target = await receiver()
  const rowhook = await startRowhook({ url })
  const made = await rowhook.api('POST', '/api/endpoints', { name: 'app', url: target.url })
  expect(made.status).toBe(201)
  return {
    url,
    sql,
    target,
    rowhook,
    async makeSink(fields) {
      const sink = { name: 'orders', endpoint: 'app', tables: [{ name: 'orders' }], ...fields }
      const { status, body } = await rowhook.api('POST', '/api/sinks', sink)
      expect(body).not.toHaveProperty('errors')
      expect(status).toBe(201)
    },
  }
}
