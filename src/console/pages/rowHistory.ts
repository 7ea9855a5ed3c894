// What happened to one row of a table, as far as the log reaches.
import { Hono } from 'hono'
import { printExact } from '../exactJson.ts'
import { code, data } from '../html/data.ts'
import { input, refusalBox } from '../html/form.ts'
import { type Content, type Html, html } from '../html/html.ts'
import { page } from '../html/layout.ts'
import { empty, pager, some } from '../html/list.ts'
import { bytes, clock, moment } from '../html/quantity.ts'
import { type Page, Refusal, path } from '../operations.ts'
import type { Message, RowChange, Table } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import { rowTable } from './rowTable.ts'
import { findTable } from './findTable.ts'

/** A longer version of the row is not shown: there may be many of them. */
const shownBytes = 200_000

export function rowHistoryPages(): Hono<ConsoleEnv> {
  return new Hono<ConsoleEnv>().get('/tables/:table/history', async (c) => {
    const name = c.req.param('table')
    const table = await findTable(c, name)
    const { event, sink } = c.req.query()
    if (event && sink) {
      const message = await c.var.operations.get<Message>(path('sinks', sink, 'messages', event))
      return c.redirect(`${path('tables', name)}/history?key=${encodeURIComponent(keyOf(table, message))}`)
    }
    return historyPage(c, table)
  })
}

/** The row's key as the API takes it. */
function keyOf({ primary_key }: Table, { record }: Message): string {
  return primary_key.map((column) => printExact(record?.[column] ?? null)).join(':')
}

async function historyPage(c: Visit, table: Table): Promise<Response> {
  const query = { key: c.req.query('key') || undefined, cursor: c.req.query('cursor') }
  const here = `${path('tables', table.name)}/history`
  let answer: Page<RowChange> | undefined
  let refusal: Refusal | undefined
  if (query.key !== undefined) {
    try {
      answer = await c.var.operations.get<Page<RowChange>>(here, {
        ...query,
        limit: 25,
        max_bytes: shownBytes,
      })
    } catch (error) {
      if (!(error instanceof Refusal) || ![400, 404].includes(error.status)) throw error
      refusal = error
    }
  }
  const key = table.primary_key.join(', ')
  return page(c, {
    title: query.key === undefined ? 'History of a row' : `Row ${query.key.slice(0, 100)}`,
    section: 'tables',
    trail: [
      { href: '/tables', text: 'Tables' },
      { href: path('tables', table.name), text: table.name },
    ],
    status: refusal === undefined ? 200 : 400,
    body: html`<form class="filters" method="get" role="search" aria-label="Find a row">
        ${input({
          name: 'key',
          label: key === '' ? 'Key' : `Key (${key})`,
          value: query.key,
          required: true,
          hint: table.primary_key.length > 1 ? 'Values joined by “:”, in this order.' : '',
        })}
        <div class="field"><button>Show</button></div>
      </form>
      ${refusalBox(refusal)}
      ${
        answer !== undefined &&
        (answer.data.length === 0
          ? empty(
              'No retained change of a row with this key. Changes that a sink wants are kept for a day at least; the page of the table keeps all of them for longer.',
              html`<a href="${path('tables', table.name)}">Keep the history of this table</a>`,
            )
          : html`<ol class="timeline">
              ${answer.data.map((change, i) => html`<li>${entry(change, i === 0)}</li>`)}
            </ol>`)
      }
      ${answer !== undefined && pager(here, query, answer.next_cursor)}`,
  })
}

function entry(change: RowChange, isOpen: boolean): Html {
  const { action, captured_at, changes, previous_key, sinks, annotations } = change
  const names = Object.keys(changes ?? {})
  const term = (name: string, value: Content) =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>`
  return html`<details class="delivery" id="change-${change.event_id}" ${isOpen && html`open`}>
    <summary>
      <strong>${action}</strong>
      ${action === 'update' && html`<span class="said">${data(names.join(', '), 120)}</span>`}
      <span class="below">${moment(captured_at)}</span>
    </summary>
    ${
      change.bytes > shownBytes
        ? html`<p>
            ${bytes(change.bytes)}, too much to be shown here. The message of a sink that wanted it shows its
            beginning.
          </p>`
        : rowTable(change)
    }
    <dl>
      ${term('Captured', clock(captured_at))} ${term('Event', code(change.event_id))}
      ${term('Transaction', code(change.transaction_id))}
      ${previous_key !== null && term('Key before', code(previous_key))}
      ${annotations !== null && term('Annotations', code(annotations, 1000))}
      ${term(
        'Wanted by',
        sinks.length === 0
          ? 'no sink; kept by the retention of the table'
          : some(
              sinks,
              (name) =>
                html`<a href="${path('sinks', name, 'messages', change.event_id)}">${data(name, 60)}</a> `,
            ),
      )}
    </dl>
  </details>`
}
