// Setting up a sink, in four steps: a table, an endpoint, which changes, review. Each step is a page of
// its own whose address or form carries what was chosen before, so that nothing is kept on the server
// and the browser's back button works.
import { Hono } from 'hono'
import { code, data } from '../html/data.ts'
import { refusalBox } from '../html/form.ts'
import { html } from '../html/html.ts'
import { formToken } from '../html/layout.ts'
import { type Page, Refusal } from '../operations.ts'
import type { Endpoint, Sink, Table } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import { setupEndpointPages } from './setupEndpoint.ts'
import { stepPage } from './setupStep.ts'
import { tableList, tablePage } from './setupTable.ts'
import { reviewPage } from './setupReview.ts'
import { type SinkDraft, draftOf, newDraft } from './sinkDraft.ts'
import { deliveryFields, nameField, tableFields } from './sinkFields.ts'
import { sinkPath } from './sinkFrame.ts'

export function setupPages(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()

  app.get('/setup', async (c) => {
    const chosen = c.req.query('table')
    const tables = (await c.var.operations.get<Page<Table>>('/tables', { limit: 1000 })).data
    const table = tables.find(({ name }) => name === chosen)
    return table === undefined ? tableList(c, tables) : tablePage(c, table)
  })

  app.route('/', setupEndpointPages())

  app.get('/setup/changes', async (c) => {
    const { table = '', endpoint = '' } = c.req.query()
    return changesPage(c, newDraft(table, suggestName(table), endpoint))
  })
  app.post('/setup/changes', (c) => changesPage(c, draftOf(c.var.form)))

  app.post('/setup/review', async (c) => {
    const draft = draftOf(c.var.form)
    try {
      return await reviewPage(c, draft)
    } catch (error) {
      if (!(error instanceof Refusal) || ![400, 409].includes(error.status)) throw error
      return changesPage(c, draft, error)
    }
  })

  app.post('/setup/create', async (c) => {
    const draft = draftOf(c.var.form)
    const where = c.var.form.text('backfill_where') || null
    const backfill = c.var.form.has('backfill')
      ? { tables: draft.tables.map(({ name }) => ({ name, where })) }
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

async function changesPage(c: Visit, draft: SinkDraft, refusal?: Refusal): Promise<Response> {
  const [{ data: tables }, { data: endpoints }] = await Promise.all([
    c.var.operations.get<Page<Table>>('/tables', { limit: 1000 }),
    c.var.operations.get<Page<Endpoint>>('/endpoints', { limit: 1000 }),
  ])
  const names = endpoints.map(({ name }) => name)
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
          ${nameField(draft, refusal)} ${deliveryFields(draft, names, refusal)}
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
