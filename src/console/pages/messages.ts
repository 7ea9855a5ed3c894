// Messages of a sink: find one, find all that are stuck, send again or discard.
import { Hono } from 'hono'
import { data } from '../html/data.ts'
import { input, select } from '../html/form.ts'
import { type Content, html } from '../html/html.ts'
import { formToken, live } from '../html/layout.ts'
import { type Column, empty, none, pager, table } from '../html/list.ts'
import { count, counted, moment } from '../html/quantity.ts'
import { status } from '../html/status.ts'
import { type Page, type Query, Refusal, path, queryText } from '../operations.ts'
import { refusalBox } from '../html/form.ts'
import type { Message, Sink } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import { messagePage } from './message.ts'
import { preview } from './rowTable.ts'
import { findSink, sinkPage, sinkPath } from './sinkFrame.ts'

const states = ['pending', 'failing', 'discarded', 'delivered'] as const

/** What each command is offered for: the states in which the API accepts it. */
const commands = {
  redeliver: ['failing', 'discarded', 'delivered'],
  discard: ['failing', 'pending'],
} as const
type Command = keyof typeof commands

/** How far back, as the filter offers it. */
const ages = [
  ['', 'Any time'],
  ['15m', 'Last 15 minutes'],
  ['1h', 'Last hour'],
  ['6h', 'Last six hours'],
  ['24h', 'Last day'],
  ['7d', 'Last week'],
] as const
/** A longer row is told by its first characters: a list of many must not carry megabytes. */
const previewBytes = 20_000
const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

export function messagePages(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()
  app.get('/sinks/:sink/messages', listPage)
  app.get('/sinks/:sink/messages/:message', messagePage)

  for (const command of Object.keys(commands) as Command[]) {
    const done = command === 'redeliver' ? 'redelivered' : 'discarded'
    app.post(`/sinks/:sink/messages/${command}`, async (c) => {
      const sink = await findSink(c)
      const which = Object.fromEntries(
        ['state', 'table', 'group', 'since', 'until'].flatMap((name) => {
          const value = c.var.form.text(name)
          return value === '' ? [] : [[name, value]]
        }),
      )
      await c.var.operations.post(`${path('sinks', sink.id)}/messages/${command}`, which)
      return c.redirect(`${sinkPath(sink)}/messages${queryText({ ...which, done })}`, 303)
    })
    app.post(`/sinks/:sink/messages/:message/${command}`, async (c) => {
      const sink = await findSink(c)
      const id = c.req.param('message')
      await c.var.operations.post(`${path('sinks', sink.id, 'messages', id)}/${command}`)
      return c.redirect(`${sinkPath(sink)}${path('messages', id)}?done=${done}`, 303)
    })
  }
  return app
}

async function listPage(c: Visit): Promise<Response> {
  const sink = await findSink(c)
  const here = `${sinkPath(sink)}/messages`
  const asked = (name: string) => c.req.query(name) || undefined
  const query = {
    state: asked('state'),
    table: asked('table'),
    group: asked('group'),
    age: asked('age'),
    since: asked('since'),
    until: asked('until'),
    cursor: asked('cursor'),
  }
  let answer: Page<Message> = { data: [], next_cursor: null }
  let refusal: Refusal | undefined
  const { age, ...filters } = query
  const since = filters.since ?? sinceOf(age)
  try {
    answer = await c.var.operations.get<Page<Message>>(`${path('sinks', sink.id)}/messages`, {
      ...filters,
      since,
      max_bytes: previewBytes,
    })
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 400) throw error
    refusal = error
  }
  const tab = (state: (typeof states)[number] | undefined) => {
    const others = { ...query, state, cursor: undefined }
    const text = state === undefined ? 'All' : `${state[0]!.toUpperCase()}${state.slice(1)}`
    const number =
      state === undefined || sink[state] === 0 ? '' : html` <span class="tally">${count(sink[state])}</span>`
    return html`<a href="${here}${queryText(others)}" ${state === query.state && html`aria-current="true"`}
      >${text}${number}</a
    >`
  }
  const { state, cursor, ...narrowing } = query
  const isNarrowed = Object.values(narrowing).some((value) => value !== undefined)
  const body = html`${live('states', html`<nav class="choice" aria-label="State">${[undefined, ...states].map(tab)}</nav>`)}
  ${filterForm(sink, query)} ${refusalBox(refusal)}
  ${state !== undefined && answer.data.length > 0 && bulk(c, sink, state, isNarrowed ? { ...filters, since } : undefined)}
  ${live(
    'messages',
    answer.data.length === 0
      ? empty(
          isNarrowed || state !== undefined
            ? html`No ${state === undefined ? '' : data(state, 20)} message
              ${isNarrowed ? 'fits these filters.' : ''}`
            : 'No message yet. Change a row that this sink wants.',
          isNarrowed ? html`<a href="${here}">Show all messages</a>` : '',
        )
      : table('Messages, newest first', columns(sink), answer.data),
  )}
  ${pager(here, query, answer.next_cursor)}`
  return sinkPage(c, sink, '/messages', body, {
    ...(cursor === undefined && refusal === undefined ? { live: { sink: sink.name, everyS: 2 } } : {}),
    ...(refusal === undefined ? {} : { status: 400 }),
  })
}

function columns(sink: Sink): Column<Message>[] {
  const link = (id: string) => `${sinkPath(sink)}/messages/${id}`
  return [
    {
      heading: 'Message',
      cell: ({ event_id }) => html`<a class="name" href="${link(event_id)}">${event_id}</a>`,
    },
    { heading: 'State', kind: 'state', cell: ({ state }) => status(state) },
    {
      heading: 'Change',
      cell: ({ action, table: name }) => html`${action} <span class="below">${data(name ?? '', 60)}</span>`,
    },
    {
      heading: 'Group',
      cell: ({ group }) => (group === null || group === '' ? none : html`<code>${data(group, 40)}</code>`),
    },
    { heading: 'Row', kind: 'one-line', cell: preview },
    { heading: 'Captured', cell: ({ captured_at }) => moment(captured_at) },
    {
      heading: 'Attempts',
      kind: 'wide',
      cell: ({ attempts, last_error, next_attempt_at }) =>
        html`${attempts}${last_error !== null && html` <span class="error">${data(last_error, 100)}</span>`}
        ${next_attempt_at !== null && html`<span class="below">next ${moment(next_attempt_at)}</span>`}`,
    },
  ]
}

function filterForm(sink: Sink, query: Record<string, string | undefined>): Content {
  const tables = sink.tables.map(({ name }) => [name, name] as const)
  return html`<form class="filters" method="get" role="search" aria-label="Filter messages">
    ${query.state !== undefined && html`<input type="hidden" name="state" value="${query.state}" />`}
    ${select({ name: 'table', label: 'Table', value: query.table, choices: [['', 'Any table'], ...tables] })}
    ${input({ name: 'group', label: 'Group or key', value: query.group, placeholder: 'such as 1234' })}
    ${select({ name: 'age', label: 'Captured', value: query.age, choices: ages })}
    <div class="field"><button>Filter</button></div>
    <details ${(query.since ?? query.until) !== undefined && html`open`}>
      <summary>Exact times</summary>
      <div class="pair">
        ${input({ name: 'since', label: 'From (UTC)', value: query.since, type: 'datetime-local', step: '1' })}
        ${input({ name: 'until', label: 'Before (UTC)', value: query.until, type: 'datetime-local', step: '1' })}
      </div>
    </details>
  </form>`
}

/** @param narrowing filters besides the state: what is asked for is asked for those that fit */
function bulk(c: Visit, sink: Sink, state: string, narrowing: Query | undefined): Content {
  const total = state in sink ? Number(sink[state as (typeof states)[number]]) : 0
  const fields = Object.entries({ ...narrowing, state, cursor: undefined }).map(
    ([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}" />`,
  )
  const form = (command: Command, words: string, what: string) =>
    (commands[command] as readonly string[]).includes(state) &&
    html`<form method="post" action="${sinkPath(sink)}/messages/${command}" data-confirm="${what}">
      ${formToken(c)} ${fields}<button>${words}</button>
    </form>`
  // Redelivering all that was ever delivered is what replays are for, with a window of time.
  if (state === 'delivered' && narrowing === undefined)
    return html`<p class="below">
      To send many of these again, <a href="${sinkPath(sink)}/replays">replay</a> a window of time.
    </p>`
  const all =
    narrowing === undefined
      ? `all ${counted(total, 'message')} that ${total === 1 ? 'is' : 'are'} ${state}`
      : `all ${state} messages that fit these filters`
  const these = narrowing === undefined ? 'all' : 'all of these'
  return html`<div class="buttons">
    ${form('redeliver', state === 'failing' ? `Try ${these} again now` : `Send ${these} again`, `Send ${all} again?`)}
    ${form('discard', `Discard ${these}`, `Discard ${all}? They stay in the list of discarded messages.`)}
  </div>`
}

/** `15m` → the time fifteen minutes ago. */
function sinceOf(age: string | undefined): string | undefined {
  const [, amount, unit] = /^(\d{1,3})([mhd])$/.exec(age ?? '') ?? []
  if (amount === undefined) return undefined
  return new Date(Date.now() - Number(amount) * unitMs[unit!]!).toISOString()
}
