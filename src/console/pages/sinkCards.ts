// The parts of a sink's overview: counters, what fails, what was sent, settings, what can be done.
import { code, data } from '../html/data.ts'
import { type Content, html } from '../html/html.ts'
import { formToken } from '../html/layout.ts'
import { bytes, count, duration, moment, rate } from '../html/quantity.ts'
import { path } from '../operations.ts'
import type { Delivery, Message, Sink } from '../resources.ts'
import type { Visit } from '../visit.ts'
import { requestLine } from './deliveries.ts'
import { filterText } from './sinkDraft.ts'
import { sinkPath } from './sinkFrame.ts'
import { actions, batching, grouping, retrying } from './sinkWords.ts'

/** The numbers that rise while one looks. */
export function counters(sink: Sink): Content {
  const of = (state: string, value: number, tone = '') =>
    html`<a
      class="counter ${value > 0 ? tone : ''}"
      href="${sinkPath(sink)}/messages?state=${state.toLowerCase()}"
    >
      <span class="label">${state}</span> <strong data-count="${value}">${count(value)}</strong>
    </a>`
  const plain = (label: string, value: string) =>
    html`<div class="counter"><span class="label">${label}</span> <strong>${value}</strong></div>`
  return html`<div class="counters">
    ${of('Delivered', sink.delivered)} ${of('Pending', sink.pending)} ${of('Failing', sink.failing, 'bad')}
    ${of('Discarded', sink.discarded, 'warn')} ${plain('Rate', rate(sink.throughput.messages_per_second))}
    ${plain('Oldest waits', sink.pending + sink.failing === 0 || sink.lag_ms === null ? '–' : duration(sink.lag_ms))}
    ${plain('Blocked groups', count(sink.blocked_groups))}
  </div>`
}

/** What fails now; nothing when nothing does. */
export function failingCard(sink: Sink, messages: readonly Message[]): Content {
  if (messages.length === 0) return ''
  return html`<section class="card">
    <h2>Failing now</h2>
    <ul class="rows">
      ${messages.map(
        (message) =>
          html`<li>
            <a href="${sinkPath(sink)}/messages/${message.event_id}"
              >${message.action} ${data(message.table ?? '', 80)} ${data(message.group ?? '', 60)}</a
            >
            <span class="error">${data(message.last_error ?? '', 120)}</span>
            <span class="below"
              >attempt
              ${message.attempts}${
                message.next_attempt_at !== null && html`, next ${moment(message.next_attempt_at)}`
              }</span
            >
          </li>`,
      )}
    </ul>
    <p><a href="${sinkPath(sink)}/messages?state=failing">All failing messages</a></p>
  </section>`
}

/** The newest requests, or what to do to see one. */
export function deliveryCard(sink: Sink, deliveries: readonly Delivery[]): Content {
  const [table] = sink.tables
  return html`<section class="card">
    <h2>Latest requests</h2>
    ${
      deliveries.length === 0
        ? html`<p class="waiting">
            Waiting for the first change of ${code(table?.name ?? '')}. Insert or update a row that the sink
            wants; its webhook appears here.
          </p>`
        : html`<ul class="rows">
              ${deliveries.map((delivery) => html`<li>${requestLine(sink, delivery)}</li>`)}
            </ul>
            <p><a href="${sinkPath(sink)}/deliveries">All requests</a></p>`
    }
  </section>`
}

/** What the sink is set to. */
export function settingsCard(sink: Sink): Content {
  const row = (term: string, value: Content) =>
    html`<div>
      <dt>${term}</dt>
      <dd>${value}</dd>
    </div>`
  return html`<section class="card">
    <h2>Settings</h2>
    <dl>
      ${row('Endpoint', html`<a href="${path('endpoints', sink.endpoint)}">${data(sink.endpoint)}</a> ${sink.path !== '' && code(sink.path)}`)}
      ${sink.tables.map((table) =>
        row(
          'Table',
          html`${code(table.name)} ${table.actions.join(', ')}
            ${table.exclude_columns.length > 0 && html`without ${code(table.exclude_columns.join(', '), 300)}`}
            ${table.filter !== null && html`<br />where ${code(filterText(table.filter), 600)}`} <br /><span
              class="below"
              >${grouping(table.group_by)}</span
            >`,
        ),
      )}
      ${row('Batch', batching(sink))} ${row('Timeout', duration(sink.request_timeout_ms))}
      ${row('Retries', retrying(sink))}
      ${row('In flight', `${count(sink.concurrency)} at most${sink.rate_limit === null ? '' : `, ${sink.rate_limit} a second`}`)}
      ${sink.compression !== null && row('Compression', sink.compression)}
      ${sink.max_message_bytes !== null && row('Longest message', bytes(sink.max_message_bytes))}
      ${sink.alert_endpoint !== null && row('Tells of trouble', html`<a href="${path('endpoints', sink.alert_endpoint)}">${data(sink.alert_endpoint)}</a>`)}
    </dl>
    <p><a href="${sinkPath(sink)}/edit">Edit</a></p>
  </section>`
}

/** What a person can do with the sink, each with what it does. */
export function manageCard(c: Visit, sink: Sink): Content {
  const button = (verb: 'pause' | 'resume' | 'disable', text: string) =>
    html`<form method="post" action="${sinkPath(sink)}/${verb}" class="action">
      ${formToken(c)}<button>${text}</button>
      <p>${actions[verb]}</p>
    </form>`
  return html`<section class="card">
    <h2>Manage</h2>
    ${sink.status === 'active' ? button('pause', 'Pause') : button('resume', 'Resume')}
    ${sink.status !== 'disabled' && button('disable', 'Disable')}
    <div class="action">
      <a class="button danger" href="${sinkPath(sink)}/delete">Delete…</a>
      <p>${actions.delete}</p>
    </div>
  </section>`
}
