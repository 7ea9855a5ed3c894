// What monitors ask, without a token: is the process there, can it work, what has it counted.
import { Hono } from 'hono'
import { version } from '../db/release.ts'
import type { ApiOptions } from './context.ts'
import { installedVersion } from './store/installation.ts'

/** Longest wait for the database before /readyz says no. */
const readyTimeoutMs = 2000

/** /healthz, /readyz, /metrics. */
export function healthRoutes({
  db,
  dispatcher,
  metrics,
}: Pick<ApiOptions, 'db' | 'dispatcher' | 'metrics'>): Hono {
  const app = new Hono()

  app.get('/healthz', (c) => c.json({ status: 'ok' }))

  app.get('/readyz', async (c) => {
    const checks = {
      database: await checkDatabase(),
      dispatcher: dispatcher === undefined || dispatcher.isAlive() ? 'ok' : 'its loop makes no progress',
    }
    const ready = Object.values(checks).every((result) => result === 'ok')
    return c.json({ status: ready ? 'ok' : 'unavailable', checks }, ready ? 200 : 503)
  })

  app.get('/metrics', async (c) =>
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
      const installed = await installedVersion(db)
      if (installed === version) return 'ok'
      return installed === undefined
        ? 'rowhook is not installed in it; run npx install-sql'
        : `its SQL has version ${installed}, this program is ${version}; run npx install-sql`
    } catch {
      return 'cannot be reached'
    }
  }

  return app
}
