// GET /api/sinks/:sink/activity and GET /api/activity: what charts show.
import { Hono } from 'hono'
import * as v from 'valibot'
import { InputError } from '../errors.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { query } from './request.ts'
import { timestampText } from './schema/timestamp.ts'
import { type Steps, activityOf, activityOfAll } from './store/activity.ts'
import { findSink } from './store/sinks.ts'

/** Points of a chart at most; of one that stands in a line of a list. */
const chartSteps = 60
const sparklineSteps = 30
const freshForMs = 5000
/** What was sent is counted by the minute. */
const finestS = 60

const activityShown = v.pipe(
  v.object({
    since: v.string(),
    step_s: v.pipe(v.number(), v.description('Seconds that each entry covers')),
    steps: v.pipe(v.number(), v.description('Entries that the stretch has room for')),
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

const window = v.optional(v.picklist(['1h', '6h', '24h']), '1h')
const hours = { '1h': 1, '6h': 6, '24h': 24 }

const activityQuery = v.strictObject({
  window,
  since: v.optional(v.pipe(timestampText, v.description('In place of window: from here'))),
  until: v.optional(v.pipe(timestampText, v.description('Default: now'))),
})

const allShown = v.object({
  since: v.string(),
  step_s: v.number(),
  data: v.pipe(
    v.record(v.string(), v.array(v.number())),
    v.description('Acknowledged messages in each step, oldest first, by the id of the sink'),
  ),
})

export function activityRoutes({ db }: Pick<ApiOptions, 'db'>): Hono<ApiEnv> {
  const known = new Map<string, Promise<{ steps: Steps; data: Record<string, number[]> }>>()

  /** As it was asked for within the last seconds by anybody: dispatchers write no more often. */
  function ofAll(window: keyof typeof hours) {
    let answer = known.get(window)
    if (answer !== undefined) return answer
    const steps = endingAt(Date.now(), hours[window] * 3600, sparklineSteps)
    answer = activityOfAll(db, steps).then((data) => ({ steps, data }))
    known.set(window, answer)
    const forget = () => known.delete(window)
    setTimeout(forget, freshForMs).unref()
    answer.catch(forget)
    return answer
  }

  return new Hono<ApiEnv>()
    .get(
      '/sinks/:sink/activity',
      operation({
        tag: 'Sinks',
        summary: 'Show messages, failures and latency over time',
        description:
          `In ${chartSteps} steps at most, of whole minutes. Counted by dispatchers, who write it down every ` +
          'ten seconds, and kept for two days. Percentiles are exact to a tenth.',
        answer: activityShown,
      }),
      query(activityQuery),
      async (c) => {
        const { since, until, window } = c.req.valid('query')
        const sink = await findSink(db, c.req.param('sink'))
        const steps =
          since === undefined ? endingAt(Date.now(), hours[window] * 3600, chartSteps) : between(since, until)
        const rows = await activityOf(db, sink.id, steps)
        return c.json({
          since: steps.since.toISOString(),
          step_s: steps.stepS,
          steps: Math.round((steps.until.getTime() - steps.since.getTime()) / 1000 / steps.stepS),
          data: rows.map((row) => ({ ...row, at: row.at.toISOString() })),
        })
      },
    )
    .get(
      '/activity',
      operation({
        tag: 'Sinks',
        summary: 'Show the messages of all sinks over time',
        description: `In ${sparklineSteps} steps; sinks that sent nothing are left out.`,
        answer: allShown,
      }),
      query(v.strictObject({ window })),
      async (c) => {
        const { steps, data } = await ofAll(c.req.valid('query').window)
        return c.json({ since: steps.since.toISOString(), step_s: steps.stepS, data })
      },
    )
}

/** On whole steps, so that a bar does not change its members while time passes. */
function endingAt(nowMs: number, lengthS: number, count: number): Steps {
  const stepS = lengthS / count
  const end = Math.ceil(nowMs / 1000 / stepS) * stepS
  return { since: new Date((end - lengthS) * 1000), until: new Date(end * 1000), stepS }
}

/** On whole minutes, as few for each step as there is room for. */
function between(since: string, until: string | undefined): Steps {
  const from = Math.floor(Date.parse(since) / 60_000) * 60_000
  const to = until === undefined ? Date.now() : Date.parse(until)
  if (!(to > from)) throw new InputError([{ path: 'until', message: 'must be after since' }])
  const stepS = Math.max(Math.ceil((to - from) / 60_000 / chartSteps), 1) * finestS
  const count = Math.ceil((to - from) / 1000 / stepS)
  return { since: new Date(from), until: new Date(from + count * stepS * 1000), stepS }
}
