// The page of one sink: is it well, what does it do, what can be done.
import { Hono } from 'hono'
import { barChart, lineChart } from '../html/chart.ts'
import { code, data } from '../html/data.ts'
import { type Content, html } from '../html/html.ts'
import { formToken, live } from '../html/layout.ts'
import { count, duration, moment, rate } from '../html/quantity.ts'
import { type Page, path } from '../operations.ts'
import type { Activity, Delivery, Message, Sink } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import { requestLine } from './deliveries.ts'
import { filterText } from './sinkFields.ts'
import { findSink, sinkPage, sinkPath } from './sinkFrame.ts'
import { actions, healthSentence } from './sinkWords.ts'

const windows = { '1h': 'Last hour', '6h': 'Six hours', '24h': 'Day' }
type Window = keyof typeof windows

export function sinkPages(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()

  app.get('/sinks/:sink', async (c) => {
    const sink = await findSink(c)
    const home = path('sinks', sink.id)
    const isRefresh = c.req.header('x-refresh') !== undefined
    const [failing, deliveries, charts] = await Promise.all([
      sink.failing === 0
        ? noMessages
        : c.var.operations.get<Page<Message>>(`${home}/messages`, { state: 'failing', limit: 5 }),
      c.var.operations.get<Page<Delivery>>(`${home}/deliveries`, { limit: 6 }),
      isRefresh ? '' : chartsOf(c, sink),
    ])
    return sinkPage(
      c,
      sink,
      '',
      html`${live(
          'state',
          html`<p class="sentence ${sink.health}">${healthSentence(sink, failing.data)}</p>
            ${counters(sink)}`,
        )}
        ${charts}
        ${live('now', html`<div class="columns">${failingPart(sink, failing.data)} ${deliveryPart(sink, deliveries.data)}</div>`)}
        <div class="columns">${settings(sink)} ${manage(c, sink)}</div>`,
      { refreshS: 1 },
    )
  })

  // Alone as well, because charts are renewed less often than counters.
  app.get('/sinks/:sink/charts', async (c) => c.html(await chartsOf(c, await findSink(c))))

  app.post('/sinks/:sink/pause', (c) => act(c, 'pause', 'paused'))
  app.post('/sinks/:sink/resume', (c) => act(c, 'resume', 'resumed'))
  app.post('/sinks/:sink/disable', async (c) => {
    const sink = await findSink(c)
    await c.var.operations.patch(path('sinks', sink.id), { status: 'disabled' })
    return c.redirect(`${sinkPath(sink)}?done=disabled`, 303)
  })
  app.get('/sinks/:sink/delete', async (c) => {
    const sink = await findSink(c)
    const words = html`<section class="card narrow">
      <h2>Delete ${data(sink.name)}?</h2>
      <p>${actions.delete}</p>
      <p>
        ${sink.pending + sink.failing > 0 && html`<strong>${count(sink.pending + sink.failing)} messages are not delivered yet.</strong>`}
        Triggers that no other sink needs are taken off
        ${data(sink.tables.map(({ name }) => name).join(', '))}.
      </p>
      <form method="post" class="buttons">
        ${formToken(c)}
        <button class="danger">Delete the sink</button> <a class="button" href="${sinkPath(sink)}">Keep it</a>
      </form>
    </section>`
    return sinkPage(c, sink, '', words)
  })
  app.post('/sinks/:sink/delete', async (c) => {
    const sink = await findSink(c)
    await c.var.operations.delete(path('sinks', sink.id))
    return c.redirect('/sinks?done=deleted', 303)
  })

  return app
}

const noMessages: Page<Message> = { data: [], next_cursor: null }

async function act(c: Visit, verb: 'pause' | 'resume', done: string): Promise<Response> {
  const sink = await findSink(c)
  await c.var.operations.post(`${path('sinks', sink.id)}/${verb}`)
  return c.redirect(`${sinkPath(sink)}?done=${done}`, 303)
}

function counters(sink: Sink): Content {
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
    ${plain('Oldest waits', sink.pending === 0 || sink.lag_ms === null ? '–' : duration(sink.lag_ms))}
    ${plain('Blocked groups', count(sink.blocked_groups))}
  </div>`
}

async function chartsOf(c: Visit, sink: Sink) {
  const asked = c.req.query('window')
  const window: Window = asked !== undefined && Object.hasOwn(windows, asked) ? (asked as Window) : '1h'
  const activity = await c.var.operations.get<Activity>(`${path('sinks', sink.id)}/activity`, { window })
  const links = Object.entries(windows).map(
    ([value, text]) =>
      html`<a href="${sinkPath(sink)}?window=${value}" ${value === window && html`aria-current="true"`}
        >${text}</a
      >`,
  )
  return html`<section
    class="card charts"
    id="charts"
    data-live
    data-from="${sinkPath(sink)}/charts?window=${window}"
  >
    <div class="card-head">
      <h2>Activity</h2>
      <nav class="choice" aria-label="Window of the charts">${links}</nav>
    </div>
    <div class="columns">
      ${barChart('Messages delivered', activity, [
        { name: 'messages', value: (row) => row.messages, tone: 'good' },
        { name: 'failed requests', value: (row) => row.failed, tone: 'bad' },
      ])}
      ${lineChart('Latency of requests', activity, [
        { name: 'p50', value: (row) => row.p50_ms, tone: 'main' },
        { name: 'p95', value: (row) => row.p95_ms, tone: 'warn' },
        { name: 'p99', value: (row) => row.p99_ms, tone: 'bad' },
      ])}
    </div>
  </section>`
}

function failingPart(sink: Sink, messages: readonly Message[]): Content {
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

function deliveryPart(sink: Sink, deliveries: readonly Delivery[]): Content {
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

function settings(sink: Sink): Content {
  const row = (term: string, value: Content) =>
    html`<div>
      <dt>${term}</dt>
      <dd>${value}</dd>
    </div>`
  return html`<section class="card">
    <h2>Settings</h2>
    <dl>
      ${row('Endpoint', html`<a href="/endpoints/${encodeURIComponent(sink.endpoint)}">${data(sink.endpoint)}</a> ${sink.path !== '' && code(sink.path)}`)}
      ${sink.tables.map((table) =>
        row(
          'Table',
          html`${code(table.name)} ${table.actions.join(', ')}
            ${table.filter !== null && html`<br />where ${code(filterText(table.filter), 600)}`} <br /><span
              class="below"
              >${grouping(table.group_by)}</span
            >`,
        ),
      )}
      ${row('Batch', sink.batch ? `up to ${count(sink.batch_size)}, waiting ${duration(sink.batch_timeout_ms)} for more` : 'one bare message a request')}
      ${row('Timeout', duration(sink.request_timeout_ms))}
      ${row('Retries', sink.max_retry_count === null ? 'for ever' : `${count(sink.max_retry_count)}, then discarded`)}
      ${row('In flight', `${count(sink.concurrency)} at most${sink.rate_limit === null ? '' : `, ${sink.rate_limit} a second`}`)}
    </dl>
    <p><a href="${sinkPath(sink)}/edit">Edit</a></p>
  </section>`
}

function grouping(groupBy: readonly string[] | null): string {
  if (groupBy === null) return 'in order per row (primary key)'
  return groupBy.length === 0 ? 'in no order' : `in order per ${groupBy.join(', ')}`
}

function manage(c: Visit, sink: Sink): Content {
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
