// What is shown when a page cannot be: in words, with the next step.
import type { Context } from 'hono'
import type { ApiLogger } from '../../api/context.ts'
import { data } from '../html/data.ts'
import { html } from '../html/html.ts'
import { document, page } from '../html/layout.ts'
import { Refusal } from '../operations.ts'
import { ForeignFormError } from '../security.ts'
import type { Sessions } from '../session.ts'
import type { ConsoleEnv } from '../visit.ts'

const shownStatuses = [400, 403, 404, 409, 422, 503] as const
type ShownStatus = (typeof shownStatuses)[number]

/** Answers an error that a page did not handle itself. */
export function showFailure(
  error: Error,
  c: Context<ConsoleEnv>,
  sessions: Sessions,
  logger: ApiLogger,
): Response | Promise<Response> {
  if (error instanceof Refusal && error.status === 401) {
    // The token was revoked, or has expired, since the person signed in.
    sessions.end(c)
    return c.redirect('/sign-in?ended=1', 303)
  }
  if (error instanceof ForeignFormError) {
    const words =
      'Nothing was changed: the form did not come from a page of this session. Perhaps you signed in again meanwhile. Go back, load the page anew and repeat it.'
    return c.html(
      document(
        'Not accepted',
        html`<main class="alone">
          <h1>Not accepted</h1>
          <p>${words}</p>
          <p><a href="/sinks">To the sinks</a></p>
        </main>`,
      ),
      403,
    )
  }
  const refusal = error instanceof Refusal ? error : undefined
  if (refusal === undefined) logger.error({ err: error, path: c.req.path }, 'a page of the console failed')
  const status = shownStatuses.find((each) => each === refusal?.status) ?? 500
  if (c.req.header('x-refresh') !== undefined) return c.text('failed', status)
  return page(c, {
    title: titles[status],
    section: 'sinks',
    status,
    body: html`<div class="refusal" role="alert">
        ${refusal === undefined ? 'The server failed; its log has the details.' : data(refusal.message, 2000)}
        ${status === 403 && html` Sign out, and in again with a token that has the scope.`}
      </div>
      <p><a href="${c.req.header('referer') === undefined ? '/sinks' : localReferer(c)}">Back</a></p>`,
  })
}

const titles: Record<ShownStatus | 500, string> = {
  400: 'That is not possible',
  403: 'Not allowed',
  404: 'Not found',
  409: 'That does not fit',
  422: 'That is not possible',
  500: 'The server failed',
  503: 'The database cannot be reached',
}

/** The page that the person came from; its path only, so that it is one of ours. */
function localReferer(c: Context): string {
  try {
    const { pathname, search } = new URL(c.req.header('referer')!)
    return pathname.startsWith('//') ? '/sinks' : pathname + search
  } catch {
    return '/sinks'
  }
}
