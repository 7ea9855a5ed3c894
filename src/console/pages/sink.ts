// The page of one sink: is it well, what does it do, what can be done.
import { Hono } from 'hono'
import { barChart, lineChart } from '../html/chart.ts'
import { data } from '../html/data.ts'
import { html } from '../html/html.ts'
import { formToken, live } from '../html/layout.ts'
import { count } from '../html/quantity.ts'
import { type Page, path } from '../operations.ts'
import type { Activity, Delivery, Message, Sink } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import { counters, deliveryCard, failingCard, manageCard, settingsCard } from './sinkCards.ts'
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
        ${live('now', html`<div class="columns">${failingCard(sink, failing.data)} ${deliveryCard(sink, deliveries.data)}</div>`)}
        <div class="columns">${settingsCard(sink)} ${manageCard(c, sink)}</div>`,
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
