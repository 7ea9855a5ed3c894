// GET /api/log: the days of the event log and of the log of requests, and how large they are.
import { Hono } from 'hono'
import * as v from 'valibot'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { pageOf } from './page.ts'
import { listPartitions } from './store/log.ts'

const partitionShown = v.pipe(
  v.object({
    log: v.pipe(v.picklist(['event', 'delivery']), v.description('Changes, or HTTP requests')),
    name: v.string(),
    starts_at: v.pipe(v.nullable(v.string()), v.description('null: what no day has room for')),
    ends_at: v.nullable(v.string()),
    bytes: v.pipe(v.number(), v.description('With indexes')),
    rows: v.pipe(v.nullable(v.number()), v.description('About; null: not known yet')),
    kept_for: v.pipe(
      v.nullable(v.string()),
      v.description('What keeps a day that is old enough to go, as of the last maintenance'),
    ),
  }),
  v.metadata({ ref: 'LogPartition' }),
)

export function logRoutes({ db }: Pick<ApiOptions, 'db'>): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get(
    '/',
    operation({
      tag: 'Tables',
      summary: 'Show the size of the log by day',
      description: 'Oldest first; days to come are made ahead and empty.',
      answer: pageOf(partitionShown),
    }),
    async (c) => c.json({ data: await listPartitions(db), next_cursor: null }),
  )
}
