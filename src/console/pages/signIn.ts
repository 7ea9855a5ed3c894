// The way in and out: an API token → a session.
import { Hono } from 'hono'
import type { ApiEnv } from '../../api/context.ts'
import { field, input } from '../html/form.ts'
import { type Content, html } from '../html/html.ts'
import { document, mark } from '../html/layout.ts'
import { Refusal, operationsWith } from '../operations.ts'
import { ForeignFormError, isSameOrigin, localPath } from '../security.ts'
import { sentForm } from '../sentForm.ts'
import type { Sessions } from '../session.ts'
import type { ConsoleEnv } from '../visit.ts'
import type { LiveStreams } from './live.ts'

export function signInPages(
  api: Hono<ApiEnv>,
  sessions: Sessions,
  streams: Pick<LiveStreams, 'end'>,
): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()

  app.get('/sign-in', (c) => {
    const next = localPath(c.req.query('next'))
    if (sessions.of(c) !== undefined) return c.redirect(next)
    const ended = c.req.query('ended') !== undefined
    return c.html(signInPage(next, ended && 'Your session has ended: the token is no longer valid.'))
  })

  app.post('/sign-in', async (c) => {
    if (!isSameOrigin(c.req.raw)) throw new ForeignFormError()
    const form = sentForm(await c.req.formData())
    const next = localPath(form.text('next'))
    const token = form.text('token')
    try {
      // A token is what the API says it is; the cheapest question tells.
      await operationsWith(api, token, c.env).get('/endpoints', { limit: 1 })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const words =
        error.status === 429
          ? error.message
          : error.status === 401
            ? 'This token is unknown, expired or revoked. Check that it was copied whole.'
            : error.message
      return c.html(signInPage(next, words), error.status === 401 ? 401 : error.status === 429 ? 429 : 503)
    }
    sessions.begin(c, token)
    return c.redirect(next, 303)
  })

  app.post('/sign-out', async (c) => {
    const session = sessions.of(c)
    const form = sentForm(await c.req.formData().catch(() => new FormData()))
    const isOurs = session === undefined || sessions.isFormToken(session, form.text('form_token'))
    if (!isSameOrigin(c.req.raw) || !isOurs) throw new ForeignFormError()
    sessions.end(c)
    if (session !== undefined) streams.end(session.id)
    return c.redirect('/sign-in', 303)
  })

  return app
}

function signInPage(next: string, problem: string | false) {
  const parts = {
    name: 'token',
    label: 'API token',
    hint: html`The value of <code>ROWHOOK_ADMIN_TOKEN</code>, or a token made by
      <code>rowhook tokens create</code>. It stays in a cookie that scripts cannot read.`,
    problem: problem as Content,
  }
  const field_ =
    problem === false
      ? input({ ...parts, type: 'password', required: true, autocomplete: 'current-password' })
      : field(
          parts,
          html`<input
            id="f-token"
            name="token"
            type="password"
            required
            autofocus
            aria-invalid="true"
            aria-describedby="h-token p-token"
            autocomplete="current-password"
          />`,
        )
  return document(
    'Sign in',
    html`<main class="alone sign-in" id="main">
      <p class="brand">${mark} rowhook</p>
      <h1>Sign in</h1>
      <p class="lead">Row changes of your Postgres, delivered as webhooks.</p>
      <form method="post" action="/sign-in" class="stack">
        <input type="hidden" name="next" value="${next}" />
        ${field_}
        <button class="primary">Sign in</button>
      </form>
    </main>`,
  )
}
