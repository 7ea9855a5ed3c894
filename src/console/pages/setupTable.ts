// The first step of setting up a sink: the tables, and one of them with its columns and last rows.
import { data } from '../html/data.ts'
import { html } from '../html/html.ts'
import { empty, some, table as tableOf } from '../html/list.ts'
import { Refusal, path, queryText } from '../operations.ts'
import type { Table } from '../resources.ts'
import type { Visit } from '../visit.ts'
import { stepPage } from './setupStep.ts'

/** The tables that could be a source, and those that could not, with the reason. */
export function tableList(c: Visit, tables: readonly Table[]) {
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
                  cell: ({ sinks }) =>
                    sinks.length === 0 ? '–' : some(sinks, (name) => html`${data(name, 60)} `, 3),
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

/** One table, to be looked at before it is chosen. */
export async function tablePage(c: Visit, table: Table): Promise<Response> {
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
