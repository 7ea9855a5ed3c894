// Tables of the database: which are captured, by whom, and how long their history is kept.
import { Hono } from 'hono'
import { code, data } from '../html/data.ts'
import { input, problemAt, refusalBox } from '../html/form.ts'
import { type Content, html } from '../html/html.ts'
import { formToken, page } from '../html/layout.ts'
import { empty, none, pager, some, table as tableOf } from '../html/list.ts'
import { counted } from '../html/quantity.ts'
import { type Page, Refusal, path, queryText } from '../operations.ts'
import type { LogPartition, Table } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import { findTable } from './findTable.ts'
import { logCard } from './logCard.ts'

export function tablePages(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()
  app.get('/tables', listPage)
  app.get('/tables/:table', (c) => retentionPage(c))
  app.post('/tables/:table', async (c) => {
    const filter = c.var.form.text('filter')
    const body = { keep: c.var.form.text('keep'), filter: filter === '' ? null : filter }
    try {
      await c.var.operations.put(`${path('tables', c.req.param('table'))}/retention`, body)
      return c.redirect('/tables?done=kept', 303)
    } catch (error) {
      if (!(error instanceof Refusal) || ![400, 409].includes(error.status)) throw error
      return retentionPage(c, error)
    }
  })
  app.post('/tables/:table/forget', async (c) => {
    await c.var.operations.delete(`${path('tables', c.req.param('table'))}/retention`)
    return c.redirect('/tables?done=not-kept', 303)
  })
  return app
}

async function listPage(c: Visit): Promise<Response> {
  const query = { cursor: c.req.query('cursor') }
  const [{ data: tables, next_cursor }, log] = await Promise.all([
    c.var.operations.get<Page<Table>>('/tables', { ...query, limit: 200 }),
    c.var.operations.get<Page<LogPartition>>('/log'),
  ])
  return page(c, {
    title: 'Tables',
    section: 'tables',
    body: html`<p class="lead">
        Changes of captured tables are kept a day at least; a retention keeps all of them for longer.
      </p>
      ${
        tables.length === 0
          ? empty('This database has no table.')
          : tableOf<Table>(
              'Tables',
              [
                {
                  heading: 'Table',
                  cell: ({ name }) =>
                    html`<a class="name" href="${path('tables', name)}">${data(name, 120)}</a>`,
                },
                {
                  heading: 'Captured',
                  kind: 'state',
                  cell: ({ captured }) =>
                    captured
                      ? html`<span class="status good">captured</span>`
                      : html`<span class="status idle">no</span>`,
                },
                {
                  heading: 'Sinks',
                  kind: 'wide',
                  cell: ({ sinks }) => (sinks.length === 0 ? none : sinkLinks(sinks)),
                },
                {
                  heading: 'History',
                  cell: ({ retention }) => (retention === null ? none : data(retention.keep)),
                },
                {
                  heading: 'Partitions',
                  kind: 'number',
                  cell: ({ partitions }) => partitions.length || none,
                },
                {
                  heading: 'Key',
                  cell: ({ primary_key }) =>
                    primary_key.length === 0 ? 'none' : data(primary_key.join(', '), 80),
                },
              ],
              tables,
            )
      }
      ${pager('/tables', query, next_cursor, 'More')} ${logCard(log.data)}`,
  })
}

async function retentionPage(c: Visit, refusal?: Refusal): Promise<Response> {
  const table = await findTable(c, c.req.param('table')!)
  const typed = (name: string) => (refusal === undefined ? undefined : c.var.form.text(name))
  const stored = table.retention
  const filter =
    stored === null || stored.filter === null
      ? ''
      : typeof stored.filter === 'string'
        ? stored.filter
        : JSON.stringify(stored.filter)
  return page(c, {
    title: table.name,
    section: 'tables',
    trail: [{ href: '/tables', text: 'Tables' }],
    status: refusal === undefined ? 200 : 400,
    body: html`<p class="lead">
        ${table.captured ? 'Captured' : 'Not captured'}; ${counted(table.columns.length, 'column')}; sent by
        ${table.sinks.length === 0 ? 'no sink' : sinkLinks(table.sinks)}
      </p>
      ${table.refusal !== null && html`<p class="refusal">${data(table.refusal, 600)}</p>`}
      ${
        table.refusal === null &&
        html`<div class="buttons">
          <a class="button primary" href="/setup${queryText({ table: table.name })}"
            >New sink from this table</a
          >
          ${table.primary_key.length > 0 && html`<a class="button" href="${path('tables', table.name)}/history">History of a row</a>`}
        </div>`
      }
      <section class="card">
        <h2>History</h2>
        <p>
          ${stored === null ? 'Changes that a sink wants are kept for a day at least, others not at all.' : html`Every change is kept for ${data(stored.keep)}.`}
        </p>
        <form method="post" action="${path('tables', table.name)}" class="stack">
          ${formToken(c)} ${refusalBox(refusal)}
          <div class="pair">
            ${input({ name: 'keep', label: 'Keep every change for', value: typed('keep') ?? stored?.keep ?? '30 days', required: true, hint: 'An interval of Postgres, such as 30 days.', problem: problemAt(refusal, 'keep') })}
            ${input({ name: 'filter', label: 'Only changes where', value: typed('filter') ?? filter, hint: 'SQL over the row. Empty: all.', problem: problemAt(refusal, 'filter') })}
          </div>
          <div class="buttons"><button class="primary">Keep the history</button></div>
        </form>
        ${
          stored !== null &&
          html`<form
            method="post"
            action="${path('tables', table.name)}/forget"
            data-confirm="Stop keeping the history of this table?"
          >
            ${formToken(c)}<button>Stop keeping it</button>
          </form>`
        }
      </section>
      <section class="card">
        <h2>Columns</h2>
        ${tableOf<Table['columns'][number]>(
          `Columns of ${table.name}`,
          [
            { heading: 'Column', cell: ({ name }) => code(name) },
            { heading: 'Type', cell: ({ type }) => data(type, 100) },
            { heading: 'Key', cell: ({ name }) => (table.primary_key.includes(name) ? 'key' : '') },
          ],
          table.columns.slice(0, 500),
        )}
      </section>`,
  })
}

function sinkLinks(names: readonly string[]): Content {
  return some(names, (name) => html`<a href="${path('sinks', name)}">${data(name, 60)}</a> `)
}
