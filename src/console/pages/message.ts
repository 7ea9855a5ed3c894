// The page of one message: the row, what changed in it, and everything that was tried.
import { block, code, data } from '../html/data.ts'
import { type Content, html } from '../html/html.ts'
import { formToken, live } from '../html/layout.ts'
import { clock, counted, moment } from '../html/quantity.ts'
import { status } from '../html/status.ts'
import { printExact } from '../exactJson.ts'
import { type Page, path } from '../operations.ts'
import type { Delivery, Message, Sink } from '../resources.ts'
import type { Visit } from '../visit.ts'
import { deliveryEntry } from './deliveries.ts'
import { findSink, sinkPage, sinkPath } from './sinkFrame.ts'

/** GET /sinks/:sink/messages/:message. */
export async function messagePage(c: Visit): Promise<Response> {
  const sink = await findSink(c)
  const home = path('sinks', sink.id)
  const id = c.req.param('message')!
  const [message, deliveries] = await Promise.all([
    c.var.operations.get<Message>(`${home}${path('messages', id)}`),
    c.var.operations.get<Page<Delivery>>(`${home}/deliveries`, {
      event_id: /^[1-9]\d{0,17}$/.test(id) ? id : undefined,
      limit: 50,
    }),
  ])
  const body = html`${live('sentence', html`<p class="sentence ${message.state}">${sentence(message)}</p>`)}
    ${commandForms(c, sink, message)}
    <div class="columns">
      <section class="card">
        <h2>${message.action === 'update' ? 'Row and what changed' : 'Row'}</h2>
        ${rowTable(message)}
        <details>
          <summary>As JSON</summary>
          ${block(JSON.stringify({ record: message.record, changes: message.changes }, null, 2), 'Record and changes as JSON', 100_000)}
        </details>
      </section>
      <section class="card">
        <h2>Metadata</h2>
        ${metadata(sink, message)}
      </section>
    </div>
    ${live(
      'attempts',
      html`<section class="card">
        <h2>Attempts</h2>
        ${
          deliveries.data.length === 0
            ? html`<p>
                ${message.attempts === 0 ? 'No request has carried this message yet.' : 'The log of requests has none that carried this message: it is written within a second, kept for some days, and searched among the newest 20,000.'}
              </p>`
            : html`<ol class="timeline">
                ${deliveries.data.map((delivery, i) => html`<li>${deliveryEntry(sink, delivery, i === 0 && delivery.outcome === 'failed')}</li>`)}
              </ol>`
        }
      </section>`,
    )}`
  return sinkPage(c, sink, '/messages', body, {
    title: `Message ${message.event_id}`,
    aside: html`<span id="health" data-live>${status(message.state)}</span>`,
    trail: [
      { href: '/sinks', text: 'Sinks' },
      { href: sinkPath(sink), text: sink.name },
      { href: `${sinkPath(sink)}/messages`, text: 'Messages' },
    ],
    refreshS: 2,
  })
}

function sentence(message: Message): Content {
  const tries = counted(message.attempts, 'attempt')
  const last =
    message.last_error === null
      ? ''
      : html` The last error: <strong>${data(message.last_error, 600)}</strong>.`
  switch (message.state) {
    case 'pending':
      return html`Captured and waiting to be sent.`
    case 'delivered':
      return html`Acknowledged by the receiver after ${tries}.`
    case 'failing':
      return html`Not accepted in ${tries}.${last}
      ${message.next_attempt_at === null ? ' It is being sent now.' : html` The next attempt is ${moment(message.next_attempt_at)}; later changes of its group wait behind it.`}`
    case 'discarded':
      return html`Not sent any more, after ${tries}.${last} Its group went on without it.`
  }
}

function commandForms(c: Visit, sink: Sink, { event_id, state }: Message): Content {
  const form = (command: string, text: string, kind = '') =>
    html`<form method="post" action="${sinkPath(sink)}/messages/${event_id}/${command}">
      ${formToken(c)}<button class="${kind}">${text}</button>
    </form>`
  return html`<div class="buttons">
    ${state === 'failing' && form('redeliver', 'Try again now', 'primary')}
    ${(state === 'discarded' || state === 'delivered') && form('redeliver', 'Send again', state === 'discarded' ? 'primary' : '')}
    ${(state === 'failing' || state === 'pending') && form('discard', 'Discard')}
  </div>`
}

/** The most columns that are shown one by one; the rest is in the JSON below. */
const columnLimit = 200

function rowTable({ record, changes, action }: Message): Content {
  if (record === null) return html`<p>The table was emptied by <code>truncate</code>: there is no row.</p>`
  const names = Object.keys(record)
  const isUpdate = action === 'update'
  return html`<div class="scroll" role="region" aria-label="Columns of the row" tabindex="0">
    <table class="diff">
      <thead>
        <tr>
          <th scope="col">Column</th>
          ${isUpdate && html`<th scope="col">Before</th>`}
          <th scope="col">${action === 'delete' ? 'Last value' : isUpdate ? 'After' : 'Value'}</th>
        </tr>
      </thead>
      <tbody>
        ${names.slice(0, columnLimit).map((name) => {
          const changed = changes !== null && Object.hasOwn(changes, name)
          return html`<tr class="${changed ? 'changed' : ''}">
            <th scope="row">
              ${data(name, 100)}${changed && html` <span class="mark-changed">changed</span>`}
            </th>
            ${isUpdate && html`<td>${changed ? html`<del>${value(changes[name])}</del>` : html`<span class="none">same</span>`}</td>`}
            <td>${changed ? html`<ins>${value(record[name])}</ins>` : value(record[name])}</td>
          </tr>`
        })}
      </tbody>
    </table>
    ${names.length > columnLimit && html`<p class="below">and ${names.length - columnLimit} more columns, in the JSON below</p>`}
  </div>`
}

function value(given: unknown): Content {
  if (given === null) return html`<span class="none">null</span>`
  return html`<code>${data(printExact(given), 1000)}</code>`
}

function metadata(sink: Sink, message: Message): Content {
  const row = (term: string, content: Content) =>
    html`<div>
      <dt>${term}</dt>
      <dd>${content}</dd>
    </div>`
  const group = message.group
  return html`<dl>
    ${row('Event', code(message.event_id))} ${row('Table', code(message.table ?? '(gone)'))}
    ${row('Action', message.action)}
    ${row(
      'Group',
      group === null || group === ''
        ? 'none'
        : html`${code(group)}
            <a href="${sinkPath(sink)}/messages?group=${encodeURIComponent(group)}">its other messages</a>`,
    )}
    ${row('Captured', html`${clock(message.captured_at)}, ${moment(message.captured_at)}`)}
    ${row('Attempts', message.attempts)}
    ${message.webhook_id !== null && row('webhook-id', code(message.webhook_id))}
  </dl>`
}
