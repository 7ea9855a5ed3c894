// All sinks, trouble first.
import { Hono } from 'hono'
import { data } from '../html/data.ts'
import { sparkline } from '../html/chart.ts'
import { input, select } from '../html/form.ts'
import { type Html, html } from '../html/html.ts'
import { live, page } from '../html/layout.ts'
import { type Column, empty, none, pager, table } from '../html/list.ts'
import { count, counted, duration, rate } from '../html/quantity.ts'
import { status } from '../html/status.ts'
import type { Page } from '../operations.ts'
import type { AllActivity, Sink } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import { sinkPath } from './sinkFrame.ts'

/** Worst first. */
const order: Record<Sink['health'], number> = {
  failing: 0,
  stale: 1,
  degraded: 2,
  paused: 3,
  ok: 4,
  disabled: 5,
}

const columns = (activity: AllActivity['data']): readonly Column<Sink>[] => [
  {
    heading: 'Sink',
    cell: (sink) =>
      html`<a class="name" href="${sinkPath(sink)}">${data(sink.name)}</a>
        <span class="below"
          >${data(sink.tables.map(({ name }) => name).join(', '), 80)} → ${data(sink.endpoint)}</span
        >`,
  },
  { heading: 'Health', kind: 'state', cell: ({ health }) => status(health) },
  { heading: 'Last hour', cell: ({ id }) => sparkline(activity[id]) },
  { heading: 'Rate', kind: 'number', cell: ({ throughput }) => rate(throughput.messages_per_second) },
  { heading: 'Pending', kind: 'number', cell: ({ pending }) => quantity(pending) },
  {
    heading: 'Oldest',
    kind: 'number',
    cell: ({ pending, failing, lag_ms }) =>
      pending + failing === 0 || lag_ms === null ? none : duration(lag_ms),
  },
  { heading: 'Failing', kind: 'number', cell: (sink) => stateLink(sink, 'failing') },
  { heading: 'Discarded', kind: 'number', cell: (sink) => stateLink(sink, 'discarded') },
  { heading: 'Delivered', kind: 'number', cell: ({ delivered }) => quantity(delivered) },
  {
    heading: 'Last error',
    kind: 'wide',
    cell: ({ last_error, health }) =>
      last_error === null
        ? none
        : html`<span class="${health === 'ok' ? 'past' : 'error'}">${data(last_error, 160)}</span>`,
  },
]

export function sinkListPages(): Hono<ConsoleEnv> {
  return new Hono<ConsoleEnv>().get('/sinks', async (c) => {
    const query = { q: c.req.query('q'), health: c.req.query('health'), cursor: c.req.query('cursor') }
    const [{ data: sinks, next_cursor }, { data: activity }] = await Promise.all([
      c.var.operations.get<Page<Sink>>('/sinks', { cursor: query.cursor, limit: 1000 }),
      c.var.operations.get<AllActivity>('/activity'),
    ])
    if (sinks.length === 0 && query.cursor === undefined) return firstVisit(c)
    const shown = sinks.filter((sink) => fits(sink, query))
    const sorted = shown.toSorted(
      (a, b) => order[a.health] - order[b.health] || b.failing - a.failing || b.discarded - a.discarded,
    )
    return page(c, {
      title: 'Sinks',
      section: 'sinks',
      live: { everyS: sinks.length > 200 ? 5 : 1 },
      aside: html`<a class="button primary" href="/setup">New sink</a>`,
      body: html`${live('summary', html`<p class="lead">${summary(sinks)}</p>`)}
      ${sinks.length > 8 && filterForm(sinks, query)}
      ${live(
        'sinks',
        shown.length === 0
          ? empty('No sink fits these filters.', html`<a href="/sinks">Show all sinks</a>`)
          : table('Sinks, trouble first', columns(activity), sorted),
      )}
      ${pager('/sinks', query, next_cursor, 'More')}`,
    })
  })
}

interface Filters {
  /** Part of the name, of a table or of the endpoint. */
  q: string | undefined
  health: string | undefined
}

function fits(sink: Sink, { q, health }: Filters): boolean {
  if (health && sink.health !== health) return false
  const words = [sink.name, sink.endpoint, ...sink.tables.map(({ name }) => name)]
  return !q || words.some((word) => word.toLowerCase().includes(q.toLowerCase()))
}

function filterForm(sinks: readonly Sink[], { q, health }: Filters): Html {
  const choices = Object.keys(order).map((each) => {
    const number = sinks.filter((sink) => sink.health === each).length
    return [each, `${each} (${count(number)})`] as const
  })
  return html`<form class="filters" method="get" role="search" aria-label="Filter sinks">
    ${input({ name: 'q', label: 'Sink, table or endpoint', value: q })}
    ${select({ name: 'health', label: 'Health', value: health, choices: [['', 'Any'], ...choices] })}
    <div class="field"><button>Filter</button></div>
  </form>`
}

function summary(sinks: readonly Sink[]): string {
  const bad = sinks.filter(({ health }) => ['failing', 'stale', 'degraded'].includes(health)).length
  const resting = sinks.filter(({ health }) => health === 'paused' || health === 'disabled').length
  const all = counted(sinks.length, 'sink')
  const rest = resting === 0 ? '' : `, ${resting} paused or disabled`
  if (bad === 0) return `${all}${rest}. Nothing needs attention.`
  return `${all}${rest}. ${bad === 1 ? 'One needs' : `${bad} need`} attention.`
}

function quantity(value: number) {
  return value === 0 ? none : html`<span data-count="${value}">${count(value)}</span>`
}

function stateLink(sink: Sink, state: 'failing' | 'discarded') {
  if (sink[state] === 0) return none
  return html`<a
    class="${state === 'failing' ? 'error' : 'warned'}"
    href="${sinkPath(sink)}/messages?state=${state}"
    >${count(sink[state])}</a
  >`
}

function firstVisit(c: Visit) {
  return page(c, {
    title: 'Sinks',
    section: 'sinks',
    body: empty(
      html`<strong>No sink yet.</strong> A sink sends the changes of one or more tables to a webhook endpoint.
        In four steps you choose a table, say where its changes go, which of them, and see the first one
        arrive.`,
      html`<ol class="steps plain">
          <li><strong>Table</strong> look at its columns and last rows</li>
          <li><strong>Endpoint</strong> send a signed test message and read the answer</li>
          <li><strong>Changes</strong> actions, a filter checked while you type, order, batches</li>
          <li><strong>Review</strong> what will be created in the database</li>
        </ol>
        <a class="button primary" href="/setup">Set up the first sink</a>`,
    ),
  })
}
