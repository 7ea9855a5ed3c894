// The console: server-rendered pages over the admin API. Owns the way in (session, form token, headers)
// and which page stands where; what a page shows is in pages/, and the API decides what is allowed.
//
// Pages are written with hono's `html` template tag and not with JSX: Node runs this source as it is, by
// stripping types, and JSX would need a build. The tag escapes whatever is put in, so a text from a row
// cannot become markup; `raw` is not used anywhere below this folder.
import { Hono } from 'hono'
import type { ApiEnv, ApiOptions } from '../api/context.ts'
import { assetRoutes } from './assets.ts'
import { operationsWith } from './operations.ts'
import { auditPages } from './pages/audit.ts'
import { deliveryPages } from './pages/deliveries.ts'
import { doctorPages } from './pages/doctor.ts'
import { endpointPages } from './pages/endpoints.ts'
import { showFailure } from './pages/failure.ts'
import { filterCheck } from './pages/filterCheck.ts'
import { historyPages } from './pages/history.ts'
import { createLiveStreams } from './pages/live.ts'
import { messagePages } from './pages/messages.ts'
import { rowHistoryPages } from './pages/rowHistory.ts'
import { setupPages } from './pages/setup.ts'
import { signInPages } from './pages/signIn.ts'
import { sinkPages } from './pages/sink.ts'
import { sinkEditPages } from './pages/sinkEdit.ts'
import { sinkListPages } from './pages/sinks.ts'
import { tablePages } from './pages/tables.ts'
import { tokenPages } from './pages/tokens.ts'
import { ForeignFormError, guardPage, isSameOrigin } from './security.ts'
import { sentForm } from './sentForm.ts'
import { createSessions } from './session.ts'
import { createSharedAnswers } from './sharedAnswers.ts'
import type { ConsoleEnv } from './visit.ts'

/** Everything below these needs a session. */
const guarded = ['sinks', 'setup', 'endpoints', 'tables', 'tokens', 'audit', 'doctor', 'filter-check', 'live']

/**
 * Builds the console.
 * @param api whose operations it shows
 */
export function createConsole(
  api: Hono<ApiEnv>,
  { config, logger }: Pick<ApiOptions, 'config' | 'logger'>,
): Hono<ConsoleEnv> {
  const sessions = createSessions(config.keyRing)
  const shared = createSharedAnswers()
  const streams = createLiveStreams()
  const app = new Hono<ConsoleEnv>()
  app.onError((error, c) => showFailure(error, c, sessions, logger))

  app.route('/', assetRoutes())
  app.use('/', guardPage)
  app.get('/', (c) => c.redirect('/sinks'))
  for (const folder of ['sign-in', 'sign-out', ...guarded]) app.use(`/${folder}/*`, guardPage)
  app.route('/', signInPages(api, sessions, streams))

  for (const folder of guarded) {
    app.use(`/${folder}/*`, async (c, next) => {
      const session = sessions.of(c)
      if (session === undefined) {
        if (folder === 'live') return c.text('signed out', 401)
        const { pathname, search } = new URL(c.req.url)
        const wanted = c.req.method === 'GET' ? `?next=${encodeURIComponent(pathname + search)}` : ''
        return c.redirect(`/sign-in${wanted}`, 303)
      }
      if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
        const form = sentForm(await c.req.formData().catch(() => new FormData()))
        if (!isSameOrigin(c.req.raw) || !sessions.isFormToken(session, form.text('form_token'))) {
          throw new ForeignFormError()
        }
        c.set('form', form)
        shared.clear()
      }
      const isRefresh = c.req.header('x-refresh') !== undefined
      c.set('operations', operationsWith(api, session.token, c.env, isRefresh ? shared : undefined))
      c.set('sessionId', session.id)
      c.set('formToken', sessions.formToken(session))
      await next()
    })
  }
  for (const pages of [
    sinkListPages,
    sinkPages,
    sinkEditPages,
    messagePages,
    deliveryPages,
    historyPages,
    setupPages,
    filterCheck,
    endpointPages,
    tablePages,
    rowHistoryPages,
    tokenPages,
    auditPages,
    doctorPages,
    streams.pages,
  ]) {
    app.route('/', pages())
  }
  return app
}
