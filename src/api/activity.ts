// GET /api/sinks/:sink/activity: what a chart of a sink shows.
import { Hono } from 'hono'
import * as v from 'valibot'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { query } from './request.ts'
import { activityLimit, activityOf } from './store/activity.ts'
import { findSink } from './store/sinks.ts'

/** Points of a chart. */
const buckets = 60

const activityShown = v.pipe(
  v.object({
    since: v.string(),
    step_s: v.pipe(v.number(), v.description('Seconds that each entry covers')),
    data: v.pipe(
      v.array(
        v.object({
          at: v.pipe(v.string(), v.description('Where the step begins')),
          messages: v.pipe(v.number(), v.description('Acknowledged')),
          requests: v.number(),
          failed: v.pipe(v.number(), v.description('Requests that failed')),
          p50_ms: v.number(),
          p95_ms: v.number(),
          p99_ms: v.number(),
        }),
      ),
      v.description('Steps in which a request was made, oldest first'),
    ),
  }),
  v.metadata({ ref: 'Activity' }),
)

const activityQuery = v.strictObject({
  window: v.optional(v.picklist(['1h', '6h', '24h']), '1h'),
})

const hours = { '1h': 1, '6h': 6, '24h': 24 }

export function activityRoutes({ db }: Pick<ApiOptions, 'db'>): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get(
    '/:sink/activity',
    operation({
      tag: 'Sinks',
      summary: 'Show messages, failures and latency over time',
      description: `Out of the newest ${activityLimit} requests of the window, in ${buckets} steps.`,
      answer: activityShown,
    }),
    query(activityQuery),
    async (c) => {
      const windowS = hours[c.req.valid('query').window] * 3600
      const stepS = windowS / buckets
      const sink = await findSink(db, c.req.param('sink'))
      // On whole steps, so that a bar does not change its members while time passes.
      const end = Math.ceil(Date.now() / 1000 / stepS) * stepS
      const since = new Date((end - windowS) * 1000)
      const rows = await activityOf(db, sink.id, since, stepS)
      return c.json({
        since: since.toISOString(),
        step_s: stepS,
        data: rows.map((row) => ({ ...row, at: row.at.toISOString() })),
      })
    },
  )
}
