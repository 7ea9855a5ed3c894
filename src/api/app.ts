// The admin API: one Hono app that listens nowhere. src/main.ts serves it; the command line can call
// it in process. Order matters: what every request gets, then what needs no token, then /api.
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { createConsole } from '../console/app.ts'
import { NotFoundError } from '../errors.ts'
import { activityRoutes } from './activity.ts'
import { auditRoutes } from './audit.ts'
import { authenticate } from './auth.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { deliveryRoutes } from './deliveries.ts'
import { configRoutes } from './document/routes.ts'
import { documentJsonSchema } from './document/schema.ts'
import { doctorRoutes } from './doctor.ts'
import { endpointRoutes } from './endpoints.ts'
import { filterRoutes } from './filters.ts'
import { healthRoutes } from './health.ts'
import { historyRoutes } from './history.ts'
import { idempotency } from './idempotency.ts'
import { listenRoutes } from './listen.ts'
import { liveRoutes } from './live.ts'
import { logRoutes } from './log.ts'
import { messageRoutes } from './messages.ts'
import { addReference } from './openapi.ts'
import { HttpProblem, asRowhookError, problemResponse } from './problem.ts'
import { maxBodyBytes } from './request.ts'
import { rowHistoryRoutes } from './rowHistory.ts'
import { sinkRoutes } from './sinks.ts'
import { tableRowRoutes } from './tableRows.ts'
import { tableRoutes } from './tables.ts'
import { tokenRoutes } from './tokens.ts'

/** Builds the API. The database is not asked for anything before the first request. */
export function createApi(options: ApiOptions): Hono<ApiEnv> {
  const { logger } = options
  const app = new Hono<ApiEnv>()

  app.onError((error, c) => {
    const fields = { requestId: c.get('requestId'), method: c.req.method, path: c.req.path }
    const status = asRowhookError(error)?.status ?? 500
    if (status >= 500) logger.error({ ...fields, err: error }, 'request failed')
    return problemResponse(c, error)
  })
  app.notFound((c) =>
    problemResponse(c, new NotFoundError(`there is nothing at ${c.req.path.slice(0, 200)}`)),
  )

  app.use(requestId())
  app.use(secureHeaders())
  app.use(async (c, next) => {
    const start = performance.now()
    await next()
    const durationMs = Math.round(performance.now() - start)
    const actor = c.get('actor')?.name
    const { method, path } = c.req
    logger.debug(
      { requestId: c.get('requestId'), method, path, status: c.res.status, durationMs, actor },
      'request',
    )
  })
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        c.header('allow', methods.join(', '))
        return problemResponse(c, new HttpProblem(405, `use ${methods.join(' or ')} here`))
      },
    }),
  )
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: (c) =>
        problemResponse(c, new HttpProblem(413, `a body may have ${maxBodyBytes} bytes at most`)),
    }),
  )

  addReference(app)
  app.get('/config.schema.json', (c) => c.json(documentJsonSchema()))

  app.use('/api/*', noStore)
  app.use('/api/*', authenticate(options))
  app.use('/api/*', idempotency(options))
  app.route('/api/endpoints', endpointRoutes(options))
  app.route('/api/sinks', sinkRoutes(options))
  app.route('/api/sinks', messageRoutes(options))
  app.route('/api/sinks', deliveryRoutes(options))
  app.route('/api', activityRoutes(options))
  app.route('/api/sinks', historyRoutes(options))
  app.route('/api/sinks', listenRoutes(options))
  app.route('/api/live', liveRoutes(options))
  app.route('/api/tables', tableRoutes(options))
  app.route('/api/tables', tableRowRoutes(options))
  app.route('/api/tables', rowHistoryRoutes(options))
  app.route('/api/log', logRoutes(options))
  app.route('/api/filters', filterRoutes(options))
  app.route('/api/config', configRoutes(options))
  app.route('/api/tokens', tokenRoutes(options))
  app.route('/api/audit', auditRoutes(options))
  app.route('/api/doctor', doctorRoutes(options))
  app.route('/', healthRoutes(options))
  app.route('/', createConsole(app, options))
  return app
}

/** Answers hold what only the token's bearer may see, and some hold secrets: no cache keeps them. */
const noStore: Parameters<Hono<ApiEnv>['use']>[1] = async (c, next) => {
  c.header('cache-control', 'no-store')
  await next()
}
