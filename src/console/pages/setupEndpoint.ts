// The second step of setting up a sink: where its changes go. An endpoint that is there, or a new one,
// tried with a signed test message whose answer is shown.
import { Hono } from 'hono'
import { data } from '../html/data.ts'
import { html } from '../html/html.ts'
import { formToken } from '../html/layout.ts'
import { type Page, Refusal, path, queryText } from '../operations.ts'
import type { Endpoint, TestOutcome } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import {
  type EndpointDraft,
  endpointBody,
  endpointFields,
  newEndpoint,
  secretBox,
  testResult,
} from './endpointFields.ts'
import { stepPage } from './setupStep.ts'

interface Chosen {
  table: string
  endpoint: string
}

export function setupEndpointPages(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()

  app.get('/setup/endpoint', async (c) => {
    const { table = '', endpoint } = c.req.query()
    return endpoint === undefined ? choose(c, table, newEndpoint()) : chosenPage(c, { table, endpoint })
  })

  app.post('/setup/endpoint', async (c) => {
    const table = c.var.form.text('table')
    const { body, draft } = endpointBody(c.var.form)
    try {
      const made = await c.var.operations.post<Endpoint & { signing_secret?: string }>('/endpoints', body)
      return await chosenPage(c, { table, endpoint: made.name }, undefined, made.signing_secret)
    } catch (error) {
      if (!(error instanceof Refusal) || ![400, 409].includes(error.status)) throw error
      return choose(c, table, draft, error)
    }
  })

  app.post('/setup/test', async (c) => {
    const table = c.var.form.text('table')
    const endpoint = c.var.form.text('endpoint')
    const outcome = await c.var.operations.post<TestOutcome>(`${path('endpoints', endpoint)}/test`)
    return chosenPage(c, { table, endpoint }, outcome)
  })

  async function choose(c: Visit, table: string, draft: EndpointDraft, refusal?: Refusal): Promise<Response> {
    const { data: endpoints } = await c.var.operations.get<Page<Endpoint>>('/endpoints', { limit: 1000 })
    return stepPage(
      c,
      1,
      'Where do the changes go?',
      html`${
          endpoints.length > 0 &&
          html`<section class="card">
            <h2>An endpoint that is there</h2>
            <ul class="rows">
              ${endpoints.map(
                ({ name, url }) =>
                  html`<li>
                    <a href="/setup/endpoint${queryText({ table, endpoint: name })}">${data(name)}</a>
                    <span class="below">${data(url, 120)}</span>
                  </li>`,
              )}
            </ul>
          </section>`
        }
        <section class="card">
          <h2>A new endpoint</h2>
          <form method="post" action="/setup/endpoint" class="stack">
            ${formToken(c)}<input type="hidden" name="table" value="${table}" />
            ${endpointFields(draft, refusal)}
            <div class="buttons"><button class="primary">Save the endpoint</button></div>
          </form>
        </section>`,
      refusal === undefined ? 200 : 400,
    )
  }

  async function chosenPage(
    c: Visit,
    chosen: Chosen,
    outcome?: TestOutcome,
    secret?: string,
  ): Promise<Response> {
    const endpoint = await c.var.operations.get<Endpoint>(path('endpoints', chosen.endpoint))
    return stepPage(
      c,
      1,
      'Does it answer?',
      html`${secret !== undefined && secretBox(secret)}
        <section class="card">
          <h2>${data(endpoint.name)}</h2>
          <p>
            A test message is signed like every webhook and goes to <code>${data(endpoint.url, 300)}</code>.
          </p>
          <form method="post" action="/setup/test" data-busy="Sending…">
            ${formToken(c)}<input type="hidden" name="table" value="${chosen.table}" /><input
              type="hidden"
              name="endpoint"
              value="${endpoint.name}"
            />
            <button class="${outcome === undefined ? 'primary' : ''}">
              ${outcome === undefined ? 'Send a test message' : 'Send another'}
            </button>
          </form>
          ${outcome !== undefined && testResult(outcome)}
        </section>
        <div class="buttons">
          <a
            class="button ${outcome === undefined ? '' : 'primary'}"
            href="/setup/changes${queryText({ ...chosen })}"
            >${outcome === undefined ? 'Continue without a test' : 'Continue'}</a
          >
          <a class="button" href="/setup/endpoint${queryText({ table: chosen.table })}">Another endpoint</a>
        </div>`,
    )
  }

  return app
}
