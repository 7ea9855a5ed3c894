// Endpoints: where webhooks go, who uses them, do they answer, new secrets.
import { Hono } from 'hono'
import { code, data } from '../html/data.ts'
import { input } from '../html/form.ts'
import { type Content, html } from '../html/html.ts'
import { formToken, page } from '../html/layout.ts'
import { empty, none, pager, some, table } from '../html/list.ts'
import { moment } from '../html/quantity.ts'
import { type Page, Refusal, path } from '../operations.ts'
import type { Endpoint, TestOutcome } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import {
  draftOfEndpoint,
  endpointBody,
  endpointFields,
  newEndpoint,
  secretBox,
  testResult,
} from './endpointFields.ts'
import { sinkPath } from './sinkFrame.ts'

export function endpointPages(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()
  app.get('/endpoints', (c) => listPage(c))
  app.post('/endpoints', async (c) => {
    const { body, draft } = endpointBody(c.var.form)
    try {
      const made = await c.var.operations.post<Endpoint & { signing_secret?: string }>('/endpoints', body)
      return await showPage(
        c,
        made.name,
        made.signing_secret === undefined ? '' : secretBox(made.signing_secret),
      )
    } catch (error) {
      if (!(error instanceof Refusal) || ![400, 409].includes(error.status)) throw error
      return listPage(c, endpointFields(draft, error))
    }
  })
  app.get('/endpoints/:endpoint', (c) => showPage(c, c.req.param('endpoint')))
  app.post('/endpoints/:endpoint', async (c) => {
    const name = c.req.param('endpoint')
    const { body, draft } = endpointBody(c.var.form)
    try {
      const changed = await c.var.operations.patch<Endpoint>(path('endpoints', name), body)
      return c.redirect(`${path('endpoints', changed.name)}?done=saved`, 303)
    } catch (error) {
      if (!(error instanceof Refusal) || ![400, 409].includes(error.status)) throw error
      const stored = await c.var.operations.get<Endpoint>(path('endpoints', name))
      return showPage(c, name, '', endpointFields(draft, error, stored))
    }
  })
  app.post('/endpoints/:endpoint/test', async (c) => {
    const name = c.req.param('endpoint')
    const outcome = await c.var.operations.post<TestOutcome>(`${path('endpoints', name)}/test`)
    return showPage(c, name, testResult(outcome))
  })
  app.post('/endpoints/:endpoint/rotate-secret', async (c) => {
    const name = c.req.param('endpoint')
    const overlap = Number(c.var.form.text('overlap_hours'))
    const { signing_secret } = await c.var.operations.post<{ signing_secret: string }>(
      `${path('endpoints', name)}/rotate-secret`,
      { overlap_hours: overlap },
    )
    return showPage(c, name, secretBox(signing_secret))
  })
  app.post('/endpoints/:endpoint/delete', async (c) => {
    await c.var.operations.delete(path('endpoints', c.req.param('endpoint')))
    return c.redirect('/endpoints?done=deleted', 303)
  })
  return app
}

function usersOf(sinks: Endpoint['sinks']): Content {
  if (sinks.length === 0) return html`no sink`
  return some(sinks, (sink) => html`<a href="${sinkPath(sink)}">${data(sink.name, 60)}</a> `)
}

async function listPage(c: Visit, form?: Content): Promise<Response> {
  const query = { cursor: c.req.query('cursor') }
  const { data: endpoints, next_cursor } = await c.var.operations.get<Page<Endpoint>>('/endpoints', {
    ...query,
    limit: 100,
  })
  return page(c, {
    title: 'Endpoints',
    section: 'endpoints',
    status: form === undefined ? 200 : 400,
    body: html`<p class="lead">Where webhooks go.</p>
      ${
        endpoints.length === 0
          ? empty('No endpoint yet.')
          : table<Endpoint>(
              'Endpoints',
              [
                {
                  heading: 'Endpoint',
                  cell: ({ name }) =>
                    html`<a class="name" href="${path('endpoints', name)}">${data(name)}</a>`,
                },
                { heading: 'URL', kind: 'wide', cell: ({ url }) => html`<code>${data(url, 120)}</code>` },
                { heading: 'Used by', kind: 'wide', cell: ({ sinks }) => usersOf(sinks) },
                {
                  heading: 'Secret headers',
                  cell: ({ encrypted_headers }) => Object.keys(encrypted_headers).length || none,
                },
                { heading: 'Changed', cell: ({ updated_at }) => moment(updated_at) },
              ],
              endpoints,
            )
      }
      ${pager('/endpoints', query, next_cursor, 'More')}
      <details class="card" ${(form !== undefined || endpoints.length === 0) && html`open`}>
        <summary>New endpoint</summary>
        <form method="post" action="/endpoints" class="stack">
          ${formToken(c)} ${form ?? endpointFields(newEndpoint())}
          <div class="buttons"><button class="primary">Save the endpoint</button></div>
        </form>
      </details>`,
  })
}

async function showPage(c: Visit, name: string, result: Content = '', form?: Content): Promise<Response> {
  const endpoint = await c.var.operations.get<Endpoint>(path('endpoints', name))
  const here = path('endpoints', endpoint.name)
  const { sinks } = endpoint
  return page(c, {
    title: endpoint.name,
    section: 'endpoints',
    trail: [{ href: '/endpoints', text: 'Endpoints' }],
    status: form === undefined ? 200 : 400,
    body: html`<p class="lead">${code(endpoint.url, 300)}, used by ${usersOf(sinks)}</p>
      ${result}
      <div class="columns">
        <section class="card">
          <h2>Test</h2>
          <p>Sends one signed message and shows the answer.</p>
          <form method="post" action="${here}/test" data-busy="Sending…">
            ${formToken(c)}<button>Send a test message</button>
          </form>
        </section>
        <section class="card">
          <h2>Signing secret</h2>
          <ul class="rows">
            ${endpoint.signing_secrets.map(
              ({ created_at, expires_at }) =>
                html`<li>
                  Made
                  ${moment(created_at)}${expires_at === null ? '' : html`, signs until ${moment(expires_at)}`}
                </li>`,
            )}
          </ul>
          <form method="post" action="${here}/rotate-secret" class="inline">
            ${formToken(c)}
            ${input({ name: 'overlap_hours', label: 'Both sign for, hours', type: 'number', value: 24, min: 0, max: 8760, step: 'any' })}
            <button>Make a new secret</button>
          </form>
        </section>
      </div>
      <section class="card">
        <h2>Edit</h2>
        <form method="post" action="${here}" class="stack">
          ${formToken(c)} ${form ?? endpointFields(draftOfEndpoint(endpoint), undefined, endpoint)}
          <div class="buttons"><button class="primary">Save</button></div>
        </form>
      </section>
      <section class="card">
        <h2>Delete</h2>
        <p>${sinks.length > 0 ? 'It can be deleted once no sink uses it.' : 'No sink uses it.'}</p>
        <form method="post" action="${here}/delete" data-confirm="Delete this endpoint and its secrets?">
          ${formToken(c)}<button class="danger" ${sinks.length > 0 && html`disabled`}>Delete</button>
        </form>
      </section>`,
  })
}
