// Editing a sink. Tables are replaced whole, so the form holds all of them.
import { Hono } from 'hono'
import { data } from '../html/data.ts'
import { checkbox, refusalBox, select } from '../html/form.ts'
import { html } from '../html/html.ts'
import { formToken } from '../html/layout.ts'
import { type Page, Refusal, path } from '../operations.ts'
import type { Endpoint, Sink, Table } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import { type SinkDraft, draftOf, newDraft } from './sinkDraft.ts'
import { deliveryFields, endpointField, nameField, tableFields } from './sinkFields.ts'
import { findSink, sinkPage, sinkPath } from './sinkFrame.ts'

export function sinkEditPages(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()

  app.get('/sinks/:sink/edit', async (c) => {
    const sink = await findSink(c)
    const added = c.req.query('add')
    const draft =
      added === undefined ? sink : { ...sink, tables: [...sink.tables, newDraft(added, '', '').tables[0]!] }
    return form(c, sink, draft)
  })

  app.post('/sinks/:sink/edit', async (c) => {
    const sink = await findSink(c)
    const draft = draftOf(c.var.form)
    try {
      const saved = await c.var.operations.patch<Sink>(path('sinks', sink.id), draft)
      return c.redirect(`${sinkPath(saved)}?done=saved`, 303)
    } catch (error) {
      if (!(error instanceof Refusal) || ![400, 409].includes(error.status)) throw error
      return form(c, sink, draft, error)
    }
  })

  return app
}

async function form(c: Visit, sink: Sink, draft: SinkDraft, refusal?: Refusal): Promise<Response> {
  const [endpoints, tables] = await Promise.all([
    c.var.operations.get<Page<Endpoint>>('/endpoints', { limit: 1000 }),
    c.var.operations.get<Page<Table>>('/tables', { limit: 1000 }),
  ])
  const others = tables.data.filter(
    ({ name, refusal }) => refusal === null && draft.tables.every((entry) => entry.name !== name),
  )
  const names = endpoints.data.map(({ name }) => name)
  return sinkPage(
    c,
    sink,
    '/edit',
    html`<form method="post" class="stack wide" action="${sinkPath(sink)}/edit">
        ${formToken(c)} ${refusalBox(refusal)}
        <div class="trio">${nameField(draft, refusal)} ${endpointField(draft.endpoint, names, refusal)}</div>
        ${draft.tables.map((entry, i) => {
          const stored = sink.tables.find(({ name }) => name === entry.name)
          return html`<section class="card">
            <h2>${data(entry.name)}</h2>
            ${stored?.stale_reason !== undefined && html`<p class="error">${data(stored.stale_reason, 600)}</p>`}
            ${tableFields(
              entry,
              i,
              tables.data.find(({ name }) => name === entry.name),
              refusal,
            )}
            ${draft.tables.length > 1 && checkbox(`t${i}.remove`, 'Take this table out of the sink', false)}
          </section>`
        })}
        <section class="card">
          <h2>Delivery</h2>
          ${deliveryFields(draft, names, refusal)}
        </section>
        <div class="buttons">
          <button class="primary">Save</button> <a class="button" href="${sinkPath(sink)}">Cancel</a>
        </div>
      </form>
      ${
        others.length > 0 &&
        html`<form class="filters" method="get" action="${sinkPath(sink)}/edit">
          ${select({ name: 'add', label: 'Add a table (save other edits first)', choices: others.map(({ name }) => [name, name]) })}
          <div class="field"><button>Add</button></div>
        </form>`
      }`,
    refusal === undefined ? {} : { status: 400 },
  )
}
