// What monitors ask, without a token: is the process there, can it work, what has it counted.
import { Hono } from 'hono'
import { resolver } from 'hono-openapi'
import * as v from 'valibot'
import { compare } from '../db/install.ts'
import { readRelease } from '../db/release.ts'
import type { ApiOptions } from './context.ts'
import { operation } from './operation.ts'

const tag = 'Monitoring'

const healthShown = v.object({ status: v.literal('ok') })
const readyShown = v.object({
  status: v.picklist(['ok', 'unavailable']),
  checks: v.pipe(
    v.object({ database: v.string(), dispatcher: v.string() }),
    v.description('ok, or what is wrong'),
  ),
})

/** Longest wait for the database before /readyz says no. */
const readyTimeoutMs = 2000

/** /healthz, /readyz, /metrics. */
export function healthRoutes({
  sql,
  dispatcher,
  metrics,
}: Pick<ApiOptions, 'sql' | 'dispatcher' | 'metrics'>): Hono {
  const app = new Hono()
  const release = readRelease()

  app.get(
    '/healthz',
    operation({ tag, summary: 'Tell that the process is there', answer: healthShown, open: true }),
    (c) => c.json({ status: 'ok' }),
  )

  const unready = {
    description: 'Not ready: `checks` says what is wrong',
    content: { 'application/json': { schema: resolver(readyShown) } },
  }
  const readiness = { tag, summary: 'Tell whether it can work', answer: readyShown, open: true } as const
  app.get('/readyz', operation({ ...readiness, responses: { 503: unready } }), async (c) => {
    const checks = {
      database: await checkDatabase(),
      dispatcher: dispatcher === undefined || dispatcher.isAlive() ? 'ok' : 'its loop makes no progress',
    }
    const ready = Object.values(checks).every((result) => result === 'ok')
    return c.json({ status: ready ? 'ok' : 'unavailable', checks }, ready ? 200 : 503)
  })

  const text = {
    description: 'Prometheus text',
    content: { 'text/plain': { schema: { type: 'string' as const } } },
  }
  const shown = { tag, summary: 'Show metrics', open: true, responses: { 200: text } } as const
  app.get('/metrics', operation(shown), async (c) =>
    c.body(await metrics.metrics(), 200, { 'content-type': metrics.contentType }),
  )

  /** 'ok', or why not; never the driver's own words, which may name hosts and users. */
  async function checkDatabase(): Promise<string> {
    const timeout = Promise.withResolvers<string>()
    const timer = setTimeout(
      () => timeout.resolve(`does not answer within ${readyTimeoutMs} ms`),
      readyTimeoutMs,
    )
    try {
      return await Promise.race([compareVersions(), timeout.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  async function compareVersions(): Promise<string> {
    try {
      const { state, reason } = await compare(sql, release)
      return state === 'current' ? 'ok' : `${reason}; run npx install-sql`
    } catch {
      return 'cannot be reached'
    }
  }

  return app
}
