// The page of one message: the row, what changed in it, and everything that was tried.
import { block, code, data } from '../html/data.ts'
import { type Content, html } from '../html/html.ts'
import { formToken, live } from '../html/layout.ts'
import { clock, counted, moment } from '../html/quantity.ts'
import { status } from '../html/status.ts'
import { type Page, path, queryText } from '../operations.ts'
import type { Delivery, Message, Sink } from '../resources.ts'
import type { Visit } from '../visit.ts'
import { deliveryEntry } from './deliveries.ts'
import { rowTable } from './rowTable.ts'
import { findSink, sinkPage, sinkPath } from './sinkFrame.ts'

/** A longer row is not taken apart: that would keep everything else of this process waiting. */
const shownBytes = 2_000_000

/** GET /sinks/:sink/messages/:message. */
export async function messagePage(c: Visit): Promise<Response> {
  const sink = await findSink(c)
  const home = path('sinks', sink.id)
  const id = c.req.param('message')!
  const [message, deliveries] = await Promise.all([
    c.var.operations.get<Message>(`${home}${path('messages', id)}`, { max_bytes: shownBytes }),
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
        ${
          message.cut === undefined &&
          html`<details id="json">
            <summary>As JSON</summary>
            ${block(JSON.stringify({ record: message.record, changes: message.changes }, null, 2), 'Record and changes as JSON', 100_000)}
          </details>`
        }
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
    live: { sink: sink.name, everyS: 1 },
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
    ${
      message.table !== null &&
      message.action !== 'truncate' &&
      message.record !== null &&
      row(
        'Row',
        html`<a
          href="${path('tables', message.table)}/history${queryText({ event: message.event_id, sink: sink.name })}"
          >all that happened to it</a
        >`,
      )
    }
    ${row('Captured', html`${clock(message.captured_at)}, ${moment(message.captured_at)}`)}
    ${row('Attempts', message.attempts)}
    ${message.webhook_id !== null && row('webhook-id', code(message.webhook_id))}
  </dl>`
}
