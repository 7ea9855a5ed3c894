// GET /api/sinks/:sink/deliveries: the log of HTTP requests.
import { Hono } from 'hono'
import * as v from 'valibot'
import { shownHeaders } from '../deliver/headers.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { decodeCursor, page, pageOf, pageQuery } from './page.ts'
import { query } from './request.ts'
import { isEventId, numberForm } from './schema/name.ts'
import { type DeliveryRow, listDeliveries, searchedDeliveries } from './store/deliveries.ts'
import { findSink } from './store/sinks.ts'

const deliveryShown = v.pipe(
  v.object({
    id: v.string(),
    at: v.string(),
    webhook_id: v.string(),
    event_ids: v.array(v.string()),
    attempt: v.number(),
    outcome: v.picklist(['ok', 'failed']),
    status: v.pipe(v.nullable(v.number()), v.description('null: there was no answer')),
    duration_ms: v.number(),
    error: v.nullable(v.string()),
    response: v.pipe(v.nullable(v.string()), v.description('Its first bytes')),
    request_headers: v.pipe(
      v.nullable(v.record(v.string(), v.string())),
      v.description('Secrets are masked'),
    ),
    replay_id: v.nullable(v.string()),
  }),
  v.metadata({ ref: 'Delivery' }),
)

const deliveryQuery = v.strictObject({
  ...pageQuery,
  outcome: v.optional(v.picklist(['ok', 'failed'])),
  event_id: v.optional(
    v.pipe(
      v.string(),
      v.check(isEventId, 'must be an event id'),
      v.description(`Requests that carried this message, among the newest ${searchedDeliveries}`),
    ),
  ),
})

export function deliveryRoutes({ db }: Pick<ApiOptions, 'db'>): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get(
    '/:sink/deliveries',
    operation({
      tag: 'Deliveries',
      summary: 'List HTTP requests, newest first',
      answer: pageOf(deliveryShown),
    }),
    query(deliveryQuery),
    async (c) => {
      const { limit, cursor, outcome, event_id: eventId } = c.req.valid('query')
      const [before] = decodeCursor(cursor, [numberForm]) ?? []
      const sink = await findSink(db, c.req.param('sink'))
      const ok = outcome === undefined ? undefined : outcome === 'ok'
      const rows = await listDeliveries(db, sink.id, { ok, before, eventId }, limit + 1)
      const { data, next_cursor } = page(rows, limit, (row) => [row.id])
      return c.json({ data: data.map(show), next_cursor })
    },
  )
}

function show({
  sink_id: _,
  ok,
  at,
  fixed_headers: fixed,
  ...row
}: DeliveryRow): v.InferOutput<typeof deliveryShown> {
  return {
    id: row.id,
    at: at.toISOString(),
    webhook_id: row.webhook_id,
    event_ids: row.event_ids,
    attempt: row.attempt,
    outcome: ok ? 'ok' : 'failed',
    status: row.status,
    duration_ms: row.duration_ms,
    error: row.error,
    response: row.response,
    request_headers: fixed === null ? null : { ...fixed, ...shownHeaders(row.webhook_id, row.attempt, at) },
    replay_id: row.replay_id,
  }
}
