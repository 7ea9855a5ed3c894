// API tokens: who may use the API, and this console.
import { Hono } from 'hono'
import { data } from '../html/data.ts'
import { input, problemAt, refusalBox, select } from '../html/form.ts'
import { type Content, html } from '../html/html.ts'
import { formToken, page } from '../html/layout.ts'
import { empty, pager, table } from '../html/list.ts'
import { moment } from '../html/quantity.ts'
import { type Page, Refusal, path } from '../operations.ts'
import type { Token } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'

export function tokenPages(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()
  app.get('/tokens', (c) => listPage(c))
  app.post('/tokens', async (c) => {
    const { text } = c.var.form
    const body = { name: text('name'), scopes: [text('scope')], expires_at: text('expires_at') || null }
    try {
      const { token } = await c.var.operations.post<{ token: string }>('/tokens', body)
      return await listPage(c, madeBox(token))
    } catch (error) {
      if (!(error instanceof Refusal) || ![400, 409].includes(error.status)) throw error
      return listPage(c, '', error)
    }
  })
  app.post('/tokens/:id/revoke', async (c) => {
    await c.var.operations.delete(path('tokens', c.req.param('id')))
    return c.redirect('/tokens?done=revoked', 303)
  })
  return app
}

function madeBox(token: string): Content {
  return html`<section class="card secret" role="status">
    <h2>The token, shown this once</h2>
    <p>Copy it now.</p>
    <pre class="block" tabindex="0" role="region" aria-label="Token" data-copy>${token}</pre>
  </section>`
}

async function listPage(c: Visit, made: Content = '', refusal?: Refusal): Promise<Response> {
  const query = { cursor: c.req.query('cursor') }
  const { data: tokens, next_cursor } = await c.var.operations.get<Page<Token>>('/tokens', {
    ...query,
    limit: 100,
  })
  const typed = (name: string) => (refusal === undefined ? '' : c.var.form.text(name))
  return page(c, {
    title: 'Tokens',
    section: 'tokens',
    status: refusal === undefined ? 200 : 400,
    body: html`<p class="lead">
        A token opens the API and this console. The root token of <code>ROWHOOK_ADMIN_TOKEN</code> is not in
        this list.
      </p>
      ${made}
      ${
        tokens.length === 0
          ? empty('No token yet.')
          : table<Token>(
              'Tokens',
              [
                { heading: 'Token', cell: ({ name }) => html`<strong>${data(name)}</strong>` },
                { heading: 'May', cell: ({ scopes }) => scopes.join(', ') },
                { heading: 'State', kind: 'state', cell: (token) => state(token) },
                {
                  heading: 'Last used',
                  cell: ({ last_used_at }) => (last_used_at === null ? 'never' : moment(last_used_at)),
                },
                { heading: 'Made', cell: ({ created_at }) => moment(created_at) },
                {
                  heading: 'Revoke',
                  cell: ({ id, name, revoked_at }) =>
                    revoked_at === null
                      ? html`<form
                          method="post"
                          action="${path('tokens', id)}/revoke"
                          data-confirm="Revoke the token ${name}?"
                        >
                          ${formToken(c)}<button aria-label="Revoke ${name}">Revoke</button>
                        </form>`
                      : '',
                },
              ],
              tokens,
            )
      }
      ${pager('/tokens', query, next_cursor)}
      <section class="card">
        <h2>New token</h2>
        <form method="post" action="/tokens" class="stack">
          ${formToken(c)} ${refusalBox(refusal)}
          <div class="trio">
            ${input({ name: 'name', label: 'Name', required: true, maxlength: 100, value: typed('name'), problem: problemAt(refusal, 'name') })}
            ${select({
              name: 'scope',
              label: 'May',
              value: typed('scope') || 'read',
              choices: [
                ['read', 'read: look'],
                ['write', 'write: also change'],
                ['admin', 'admin: also tokens and audit log'],
              ],
              problem: problemAt(refusal, 'scopes'),
            })}
            ${input({ name: 'expires_at', label: 'Expires (UTC)', type: 'datetime-local', value: typed('expires_at'), hint: 'Empty: never.', problem: problemAt(refusal, 'expires_at') })}
          </div>
          <div class="buttons"><button class="primary">Make the token</button></div>
        </form>
      </section>`,
  })
}

function state({ revoked_at, expires_at }: Token): Content {
  if (revoked_at !== null) return html`<span class="status idle">revoked</span> ${moment(revoked_at)}`
  if (expires_at === null) return html`<span class="status good">valid</span>`
  const over = Date.parse(expires_at) < Date.now()
  return html`<span class="status ${over ? 'idle' : 'good'}">${over ? 'expired' : 'valid'}</span> until
    ${moment(expires_at)}`
}
