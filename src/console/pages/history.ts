// Backfills (rows that are there) and replays (changes of the past) of a sink: start, watch, stop.
import { Hono } from 'hono'
import { code, data } from '../html/data.ts'
import { input, problemAt, refusalBox, select } from '../html/form.ts'
import { type Content, html } from '../html/html.ts'
import { formToken, live } from '../html/layout.ts'
import { empty, pager } from '../html/list.ts'
import { count, counted, duration, moment, rate } from '../html/quantity.ts'
import { status } from '../html/status.ts'
import { type Page, Refusal, path } from '../operations.ts'
import type { Backfill, Replay, Sink } from '../resources.ts'
import type { ConsoleEnv, Visit } from '../visit.ts'
import { findSink, sinkPage, sinkPath } from './sinkFrame.ts'

type Kind = 'backfill' | 'replay'
type Entry = Backfill | Replay

const verbs = { pause: ['active'], resume: ['paused'], cancel: ['active', 'paused'] } as const
const dones = { pause: 'paused', resume: 'resumed', cancel: 'cancelled' } as const

const explanations = {
  backfill:
    'Sends rows that are in the table now, as action read, each in its place between the changes before and after.',
  replay: 'Sends changes of the past again, beside the live ones. The sink’s own tables and filters apply.',
}

export function historyPages(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()
  for (const kind of ['backfill', 'replay'] as const) {
    app.get(`/sinks/:sink/${kind}s`, async (c) => show(c, kind))
    app.post(`/sinks/:sink/${kind}s`, async (c) => start(c, kind))
    for (const verb of Object.keys(verbs) as (keyof typeof verbs)[]) {
      app.post(`/sinks/:sink/${kind}s/:id/${verb}`, async (c) => {
        const sink = await findSink(c)
        await c.var.operations.post(`${path('sinks', sink.id, `${kind}s`, c.req.param('id')!)}/${verb}`)
        return c.redirect(`${sinkPath(sink)}/${kind}s?done=${dones[verb]}`, 303)
      })
    }
  }
  return app
}

async function start(c: Visit, kind: Kind): Promise<Response> {
  const sink = await findSink(c)
  const { text } = c.var.form
  const orNull = (name: string) => (text(name) === '' ? null : text(name))
  const isTrial = c.var.form.has('dry_run')
  const body =
    kind === 'backfill'
      ? {
          tables: [
            {
              name: text('table'),
              where: orNull('where'),
              sort_column: orNull('sort_column'),
              start: orNull('start'),
              end: orNull('end'),
            },
          ],
          dry_run: isTrial,
        }
      : {
          since: text('since'),
          until: orNull('until'),
          table_name: orNull('table'),
          filter: orNull('where'),
          dry_run: isTrial,
        }
  try {
    const answer = await c.var.operations.post<Entry>(`${path('sinks', sink.id)}/${kind}s`, body)
    if (isTrial) {
      const note = html`<p class="notice" role="status">${trialWords(kind, answer.rows_total)}</p>`
      return await show(c, kind, undefined, note)
    }
  } catch (error) {
    if (!(error instanceof Refusal) || ![400, 409, 422].includes(error.status)) throw error
    return show(c, kind, error)
  }
  return c.redirect(`${sinkPath(sink)}/${kind}s?done=started`, 303)
}

async function show(c: Visit, kind: Kind, refusal?: Refusal, note: Content = ''): Promise<Response> {
  const sink = await findSink(c)
  const here = `${sinkPath(sink)}/${kind}s`
  const query = { cursor: c.req.query('cursor') }
  const { data: entries, next_cursor } = await c.var.operations.get<Page<Entry>>(
    `${path('sinks', sink.id)}/${kind}s`,
    { ...query, limit: 20 },
  )
  const list =
    entries.length === 0
      ? empty(`No ${kind} yet.`)
      : html`<ul class="jobs">
          ${entries.map((entry) => job(c, sink, kind, entry))}
        </ul>`
  const body = html`<p class="lead">${explanations[kind]}</p>
    ${note}
    <details class="card" ${(entries.length === 0 || refusal !== undefined || note !== '') && html`open`}>
      <summary>Start a ${kind}</summary>
      <form method="post" class="stack" action="${here}">
        ${formToken(c)} ${refusalBox(refusal)}
        ${kind === 'backfill' ? backfillFields(c, sink, refusal) : replayFields(c, sink, refusal)}
        <div class="buttons">
          <button class="primary">Start the ${kind}</button>
          <button name="dry_run" value="on">Only count</button>
        </div>
      </form>
    </details>
    ${live('jobs', list)} ${pager(here, query, next_cursor)}`
  return sinkPage(c, sink, `/${kind}s`, body, {
    live: { sink: sink.name, everyS: 1 },
    ...(refusal === undefined ? {} : { status: 400 }),
  })
}

function trialWords(kind: Kind, total: number | null): string {
  if (total === null)
    return 'How many rows there are cannot be said beforehand; the backfill counts what it has read.'
  return kind === 'replay'
    ? `Such a replay would send ${counted(total, 'message')}.`
    : `Such a backfill would send ${counted(total, 'row')}; of a table beyond 40 MB that is an estimate.`
}

/** What was typed, when the form comes back. */
function typed(c: Visit, name: string): string {
  return c.req.method === 'POST' ? c.var.form.text(name) : ''
}

function backfillFields(c: Visit, sink: Sink, refusal?: Refusal): Content {
  return html`${select({ name: 'table', label: 'Table', value: typed(c, 'table'), choices: sink.tables.map(({ name }) => [name, name]), problem: problemAt(refusal, 'tables[0].name') })}
    ${input({ name: 'where', label: 'Only rows where', value: typed(c, 'where'), placeholder: "created_at > now() - interval '1 day'", hint: 'SQL over the row. Empty: all rows.', problem: problemAt(refusal, 'tables[0].where') })}
    <div class="trio">
      ${input({ name: 'sort_column', label: 'In order of', value: typed(c, 'sort_column'), placeholder: 'the primary key', problem: problemAt(refusal, 'tables[0].sort_column') })}
      ${input({ name: 'start', label: 'From, inclusive', value: typed(c, 'start'), problem: problemAt(refusal, 'tables[0].start') })}
      ${input({ name: 'end', label: 'To, inclusive', value: typed(c, 'end'), problem: problemAt(refusal, 'tables[0].end') })}
    </div>`
}

function replayFields(c: Visit, sink: Sink, refusal?: Refusal): Content {
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString().slice(0, 19)
  return html`<div class="trio">
      ${input({ name: 'since', label: 'Captured from (UTC)', type: 'datetime-local', step: '1', required: true, value: typed(c, 'since') || hourAgo, problem: problemAt(refusal, 'since') })}
      ${input({ name: 'until', label: 'Before (UTC)', type: 'datetime-local', step: '1', value: typed(c, 'until'), hint: 'Empty: now.', problem: problemAt(refusal, 'until') })}
      ${select({ name: 'table', label: 'Table', value: typed(c, 'table'), choices: [['', 'All of the sink’s'], ...sink.tables.map(({ name }) => [name, name] as const)], problem: problemAt(refusal, 'table_name') })}
    </div>
    ${input({ name: 'where', label: 'Only changes where', value: typed(c, 'where'), hint: 'SQL over the row, besides the sink’s own filter. Empty: all.', problem: problemAt(refusal, 'filter') })}`
}

function job(c: Visit, sink: Sink, kind: Kind, entry: Entry): Content {
  const what =
    'tables' in entry
      ? entry.tables.map((name) => code(name))
      : html`${moment(entry.since ?? entry.created_at)} to
        ${entry.until === null ? 'then' : moment(entry.until)}
        ${entry.table_name !== null && code(entry.table_name)}
        ${entry.filter !== null && html`where ${code(entry.filter)}`}`
  const form = (verb: keyof typeof verbs, text: string) =>
    (verbs[verb] as readonly string[]).includes(entry.state) &&
    html`<form method="post" action="${sinkPath(sink)}/${kind}s/${entry.id}/${verb}">
      ${formToken(c)}<button>${text}</button>
    </form>`
  return html`<li class="card job" id="${kind}-${entry.id}">
    <div class="line">
      ${status(entry.state)} <span>${what}</span>
      <span class="below">started ${moment(entry.created_at)}</span>
    </div>
    <progress
      aria-label="Progress"
      max="${entry.rows_total ?? 1}"
      ${entry.rows_total !== null && html`value="${Math.min(entry.rows_done, entry.rows_total)}"`}
    ></progress>
    <p>${progressWords(entry)}</p>
    ${entry.error !== null && html`<p class="error">${data(entry.error, 1000)}</p>`}
    <div class="buttons">
      ${form('pause', 'Pause')} ${form('resume', 'Resume')} ${form('cancel', 'Cancel')}
    </div>
  </li>`
}

/** `1,000 of 50,000 rows, 200/s, 4 min left`. */
function progressWords({ rows_total, rows_done, state, created_at, completed_at }: Entry): string {
  const end = completed_at === null ? Date.now() : Date.parse(completed_at)
  const elapsedS = Math.max((end - Date.parse(created_at)) / 1000, 0.001)
  const perSecond = rows_done / elapsedS
  const done =
    rows_total === null
      ? `${count(rows_done)} done, counting the rest`
      : `${count(rows_done)} of ${count(rows_total)}`
  if (state === 'active') {
    const left =
      rows_total === null || perSecond === 0
        ? ''
        : `, ${duration(((rows_total - rows_done) / perSecond) * 1000)} left`
    return `${done}, ${rate(perSecond)}${rows_done === 0 ? '' : left}`
  }
  return state === 'completed' ? `${done} in ${duration(elapsedS * 1000)}, ${rate(perSecond)}` : done
}
