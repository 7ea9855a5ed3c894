// The page of one sink: is it well, what does it do, what can be done.
import { Hono } from 'hono'
import { type Series, barChart, lineChart } from '../html/chart.ts'
import { data } from '../html/data.ts'
import { input, refusalBox } from '../html/form.ts'
import { html } from '../html/html.ts'
import { formToken, live } from '../html/layout.ts'
import { count } from '../html/quantity.ts'
import { type Page, Refusal, path, queryText } from '../operations.ts'
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
      { live: { sink: sink.name, everyS: 1 } },
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
  const { window: asked, since, until } = c.req.query()
  const window: Window = asked !== undefined && Object.hasOwn(windows, asked) ? (asked as Window) : '1h'
  const zoomed = since ? { since, until } : undefined
  const query = zoomed ?? { window }
  const home = sinkPath(sink)
  let activity: Activity
  try {
    activity = await c.var.operations.get<Activity>(`${path('sinks', sink.id)}/activity`, query)
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 400) throw error
    return html`<section class="card" id="charts">
      <h2>Activity</h2>
      ${refusalBox(error)}
      <p><a href="${home}">The last hour</a></p>
    </section>`
  }
  const links = Object.entries(windows).map(
    ([value, text]) =>
      html`<a
        href="${home}?window=${value}"
        ${value === window && zoomed === undefined && html`aria-current="true"`}
        >${text}</a
      >`,
  )
  const parts = (title: string, series: readonly Series[]) => ({ title, activity, series, zoom: home })
  return html`<section
    class="card charts"
    id="charts"
    data-live
    data-from="${home}/charts${queryText(query)}"
  >
    <div class="card-head">
      <h2>Activity</h2>
      ${
        zoomed !== undefined &&
        html`<a href="${home}/messages${queryText({ ...zoomed })}">Messages captured in this time</a>`
      }
      <nav class="choice" aria-label="Window of the charts">
        ${links}
        ${zoomed !== undefined && html`<a href="${home}${queryText(query)}" aria-current="true">Marked</a>`}
      </nav>
    </div>
    <div class="columns">
      ${barChart(
        parts('Messages delivered', [
          { name: 'messages', value: (row) => row.messages, tone: 'good' },
          { name: 'failed requests', value: (row) => row.failed, tone: 'bad' },
        ]),
      )}
      ${lineChart(
        parts('Latency of requests', [
          { name: 'p50', value: (row) => row.p50_ms, tone: 'main' },
          { name: 'p95', value: (row) => row.p95_ms, tone: 'warn' },
          { name: 'p99', value: (row) => row.p99_ms, tone: 'bad' },
        ]),
      )}
    </div>
    <details id="zoom">
      <summary>Another time</summary>
      <form method="get" action="${home}" class="filters">
        ${input({ name: 'since', label: 'From (UTC)', type: 'datetime-local', required: true, step: '1', value: since })}
        ${input({ name: 'until', label: 'Before (UTC)', type: 'datetime-local', step: '1', value: until })}
        <div class="field"><button>Show</button></div>
        <p class="hint">Or mark a stretch of a chart with the mouse. Two days are kept.</p>
      </form>
    </details>
  </section>`
}
