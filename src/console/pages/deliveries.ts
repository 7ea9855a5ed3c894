// Every request of a sink, newest first, and how one is shown wherever it appears.
import { Hono } from 'hono'
import { block, code, data } from '../html/data.ts'
import { type Content, type Html, html } from '../html/html.ts'
import { live } from '../html/layout.ts'
import { empty, pager } from '../html/list.ts'
import { clock, counted, duration, moment } from '../html/quantity.ts'
import { status } from '../html/status.ts'
import { type Page, path, queryText } from '../operations.ts'
import type { Delivery, Sink } from '../resources.ts'
import type { ConsoleEnv } from '../visit.ts'
import { findSink, sinkPage, sinkPath } from './sinkFrame.ts'

export function deliveryPages(): Hono<ConsoleEnv> {
  return new Hono<ConsoleEnv>().get('/sinks/:sink/deliveries', async (c) => {
    const sink = await findSink(c)
    const query = { outcome: c.req.query('outcome') || undefined, cursor: c.req.query('cursor') }
    const here = `${sinkPath(sink)}/deliveries`
    const { data: deliveries, next_cursor } = await c.var.operations.get<Page<Delivery>>(
      `${path('sinks', sink.id)}/deliveries`,
      query,
    )
    const choice = (outcome: string | undefined, text: string) =>
      html`<a
        href="${here}${queryText({ outcome })}"
        ${outcome === query.outcome && html`aria-current="true"`}
        >${text}</a
      >`
    return sinkPage(
      c,
      sink,
      '/deliveries',
      html`<nav class="choice" aria-label="Outcome">
          ${choice(undefined, 'All')} ${choice('ok', 'Succeeded')} ${choice('failed', 'Failed')}
        </nav>
        ${live(
          'deliveries',
          deliveries.length === 0
            ? empty(
                query.outcome === undefined
                  ? 'No request was made yet. The first change that this sink wants brings one.'
                  : 'No request with this outcome.',
              )
            : html`<ol class="timeline">
                ${deliveries.map((delivery) => html`<li>${deliveryEntry(sink, delivery)}</li>`)}
              </ol>`,
        )}
        ${pager(here, query, next_cursor)}`,
      query.cursor === undefined ? { live: { sink: sink.name, everyS: 2 } } : {},
    )
  })
}

/** One line: outcome, what it carried, how long it took, when. */
export function requestLine(sink: Sink, delivery: Delivery): Html {
  const [first] = delivery.event_ids
  const carried =
    delivery.event_ids.length === 1 ? `message ${first}` : counted(delivery.event_ids.length, 'message')
  return html`${status(delivery.outcome)}
    <a href="${first === undefined ? `${sinkPath(sink)}/deliveries` : `${sinkPath(sink)}/messages/${first}`}"
      >${carried}</a
    >
    <span class="${delivery.outcome === 'ok' ? '' : 'error'}">${data(answerOf(delivery), 120)}</span>
    <span class="below"
      >${delivery.attempt > 1 && `attempt ${delivery.attempt}, `}${duration(delivery.duration_ms)},
      ${moment(delivery.at)}</span
    >`
}

/** A request on one line, which unfolds to everything that is known of it. */
export function deliveryEntry(sink: Sink, delivery: Delivery, isOpen = false): Html {
  const { event_ids: ids, response, request_headers: headers } = delivery
  return html`<details class="delivery" id="delivery-${delivery.id}" ${isOpen && html`open`}>
    <summary>
      ${status(delivery.outcome)} <strong>${data(answerOf(delivery), 200)}</strong>
      ${delivery.outcome === 'failed' && response !== null && html`<span class="said">${data(response, 100)}</span>`}
      <span class="below"
        >${ids.length > 1 && `batch of ${ids.length}, `}attempt ${delivery.attempt},
        ${duration(delivery.duration_ms)}, ${moment(delivery.at)}</span
      >
    </summary>
    <dl>
      ${row(
        ids.length === 1 ? 'Message' : 'Messages',
        ids.slice(0, 50).map((id) => html`<a href="${sinkPath(sink)}/messages/${id}">${id}</a> `),
      )}
      ${row('webhook-id', code(delivery.webhook_id))} ${row('When', clock(delivery.at))}
      ${delivery.replay_id !== null && row('Replay', code(delivery.replay_id))}
      ${delivery.error !== null && row('Error', data(delivery.error, 2000))}
    </dl>
    ${
      headers === null
        ? html`<p class="below">The headers of this request were not kept.</p>`
        : html`<h3>Request headers, secrets masked</h3>
            ${block(headerText(headers), `Request headers of ${delivery.id}`)}`
    }
    ${
      response === null || response === ''
        ? html`<p class="below">The answer had no body.</p>`
        : html`<h3>First bytes of the answer</h3>
            ${block(response, `Answer ${delivery.id}`)}`
    }
  </details>`
}

const row = (term: string, value: Content) =>
  html`<div>
    <dt>${term}</dt>
    <dd>${value}</dd>
  </div>`

/** `200`, or why it failed. */
function answerOf({ outcome, status, error }: Delivery): string {
  if (outcome === 'ok') return `Answered ${status ?? ''}`
  return error ?? (status === null ? 'No answer' : `Answered ${status}`)
}

function headerText(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
}
