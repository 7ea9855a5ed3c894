// Setting up a sink, in four steps: a table, an endpoint, which changes, review. Each step is a page of
// its own whose address or form carries what was chosen before, so that nothing is kept on the server
// and the browser's back button works.
import { Hono } from 'hono'
import { code, data } from '../html/data.ts'
import { refusalBox } from '../html/form.ts'
import { type Content, html } from '../html/html.ts'
import { formToken, page } from '../html/layout.ts'
import { empty, table as tableOf } from '../html/list.ts'
import { type Page, Refusal, path, queryText } from '../operations.ts'
import type { Sink, Table } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import { setupEndpointPages } from './setupEndpoint.ts'
import { reviewPage } from './setupReview.ts'
import { type SinkDraft, deliveryFields, draftOf, nameField, newDraft, tableFields } from './sinkFields.ts'
import { sinkPath } from './sinkFrame.ts'

const steps = ['Table', 'Endpoint', 'Changes', 'Review']

export function setupPages(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()

  app.get('/setup', async (c) => {
    const chosen = c.req.query('table')
    const tables = (await c.var.operations.get<Page<Table>>('/tables', { limit: 1000 })).data
    const table = tables.find(({ name }) => name === chosen)
    return table === undefined ? tableList(c, tables) : tablePage(c, table)
  })

  app.route('/', setupEndpointPages(stepPage))

  app.get('/setup/changes', async (c) => {
    const { table = '', endpoint = '' } = c.req.query()
    return changesPage(c, newDraft(table, suggestName(table), endpoint))
  })
  app.post('/setup/changes', (c) => changesPage(c, draftOf(c.var.form)))

  app.post('/setup/review', async (c) => {
    const draft = draftOf(c.var.form)
    try {
      return await reviewPage(c, draft, stepPage)
    } catch (error) {
      if (!(error instanceof Refusal) || ![400, 409].includes(error.status)) throw error
      return changesPage(c, draft, error)
    }
  })

  app.post('/setup/create', async (c) => {
    const draft = draftOf(c.var.form)
    const backfill = c.var.form.has('backfill')
      ? { tables: draft.tables.map(({ name }) => ({ name })) }
      : null
    try {
      const sink = await c.var.operations.post<Sink>('/sinks', { ...draft, backfill })
      return c.redirect(`${sinkPath(sink)}?done=created`, 303)
    } catch (error) {
      if (!(error instanceof Refusal) || ![400, 409].includes(error.status)) throw error
      return changesPage(c, draft, error)
    }
  })

  return app
}

/** A page of one of the steps. */
export type StepPage = (
  c: Visit,
  step: number,
  title: string,
  body: Content,
  status?: 200 | 400 | 409,
) => Response | Promise<Response>

const stepPage: StepPage = (c, step, title, body, status = 200) =>
  page(c, {
    title,
    section: 'sinks',
    status,
    trail: [{ href: '/sinks', text: 'Sinks' }],
    body: html`<ol class="steps" aria-label="Steps">
        ${steps.map((name, i) => html`<li class="${i < step ? 'done' : ''}" ${i === step && html`aria-current="step"`}>${name}</li>`)}
      </ol>
      ${body}`,
  })

function tableList(c: Visit, tables: readonly Table[]) {
  const possible = tables.filter(({ refusal }) => refusal === null)
  const refused = tables.filter(({ refusal }) => refusal !== null)
  return stepPage(
    c,
    0,
    'Which table?',
    html`<p class="lead">Its changes will be sent. A sink can take more tables later.</p>
      ${
        possible.length === 0
          ? empty('This database has no table that could be a source. Create one, then load this page again.')
          : tableOf<Table>(
              'Tables',
              [
                {
                  heading: 'Table',
                  cell: ({ name }) =>
                    html`<a class="name" href="/setup${queryText({ table: name })}">${data(name, 100)}</a>`,
                },
                {
                  heading: 'Columns',
                  kind: 'wide',
                  cell: ({ columns }) =>
                    html`<span class="below">${data(columns.map(({ name }) => name).join(', '), 120)}</span>`,
                },
                {
                  heading: 'Key',
                  cell: ({ primary_key }) =>
                    primary_key.length === 0 ? 'none' : data(primary_key.join(', '), 60),
                },
                {
                  heading: 'Sent by',
                  cell: ({ sinks }) => (sinks.length === 0 ? '–' : data(sinks.join(', '), 80)),
                },
              ],
              possible,
            )
      }
      ${
        refused.length > 0 &&
        html`<details>
          <summary>${refused.length} more that cannot be a source</summary>
          <dl>
            ${refused.map(
              ({ name, refusal }) =>
                html`<div>
                  <dt>${data(name)}</dt>
                  <dd>${data(refusal!, 400)}</dd>
                </div>`,
            )}
          </dl>
        </details>`
      }`,
  )
}

async function tablePage(c: Visit, table: Table): Promise<Response> {
  const rows = await lastRows(c, table.name)
  const shown = table.columns.slice(0, 30)
  return stepPage(
    c,
    0,
    table.name,
    html`<div class="buttons">
        <a class="button primary" href="/setup/endpoint${queryText({ table: table.name })}">Use this table</a>
        <a class="button" href="/setup">Another table</a>
      </div>
      <section class="card">
        <h2>Columns</h2>
        ${tableOf<Table['columns'][number]>(
          `Columns of ${table.name}`,
          [
            { heading: 'Column', cell: ({ name }) => html`<code>${data(name, 100)}</code>` },
            { heading: 'Type', cell: ({ type }) => data(type, 100) },
            { heading: 'Key', cell: ({ name }) => (table.primary_key.includes(name) ? 'key' : '') },
            { heading: 'Null', cell: ({ nullable }) => (nullable ? 'may be null' : 'never null') },
          ],
          table.columns.slice(0, 200),
        )}
      </section>
      <section class="card">
        <h2>Last rows</h2>
        ${
          typeof rows === 'string'
            ? html`<p class="below">${data(rows)}</p>`
            : rows.length === 0
              ? html`<p class="below">The table is empty.</p>`
              : tableOf<Record<string, string | null>>(
                  'Last rows',
                  shown.map(({ name }) => ({
                    heading: name,
                    cell: (row) =>
                      row[name] === null || row[name] === undefined
                        ? html`<span class="none">null</span>`
                        : data(row[name], 60),
                  })),
                  rows,
                )
        }
      </section>`,
  )
}

/** The rows, or why they cannot be shown; that is no reason to stop. */
async function lastRows(c: Visit, table: string): Promise<Record<string, string | null>[] | string> {
  try {
    return (
      await c.var.operations.get<{ data: Record<string, string | null>[] }>(`${path('tables', table)}/rows`)
    ).data
  } catch (error) {
    if (error instanceof Refusal && error.status !== 401) return `The rows cannot be shown: ${error.message}`
    throw error
  }
}

async function changesPage(c: Visit, draft: SinkDraft, refusal?: Refusal): Promise<Response> {
  const tables = (await c.var.operations.get<Page<Table>>('/tables', { limit: 1000 })).data
  return stepPage(
    c,
    2,
    'Which changes?',
    html`<p class="lead">
        Changes of ${draft.tables.map(({ name }) => code(name))} go to ${code(draft.endpoint)}.
      </p>
      <form method="post" action="/setup/review" class="stack wide">
        ${formToken(c)} ${refusalBox(refusal)}
        <input type="hidden" name="endpoint" value="${draft.endpoint}" />
        ${draft.tables.map(
          (entry, i) =>
            html`<section class="card">
              <h2>${data(entry.name)}</h2>
              ${tableFields(
                entry,
                i,
                tables.find(({ name }) => name === entry.name),
                refusal,
              )}
            </section>`,
        )}
        <section class="card">
          <h2>Delivery</h2>
          ${nameField(draft, refusal)} ${deliveryFields(draft, refusal)}
        </section>
        <div class="buttons"><button class="primary">Review</button></div>
      </form>`,
    refusal === undefined ? 200 : 400,
  )
}

/** `public.order_items` → `order_items`. */
function suggestName(table: string): string {
  return table
    .replace(/^public\./, '')
    .replaceAll('"', '')
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .slice(0, 100)
}
