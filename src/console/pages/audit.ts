// Every change that was made through the API or this console, newest first.
import { Hono } from 'hono'
import { block, code, data } from '../html/data.ts'
import { type Html, html } from '../html/html.ts'
import { page } from '../html/layout.ts'
import { type Column, empty, pager, table } from '../html/list.ts'
import { clock } from '../html/quantity.ts'
import type { Page } from '../operations.ts'
import type { AuditEntry } from '../resources.ts'
import type { ConsoleEnv } from '../visit.ts'

export function auditPages(): Hono<ConsoleEnv> {
  return new Hono<ConsoleEnv>().get('/audit', async (c) => {
    const asked = (name: string) => c.req.query(name)?.trim() || undefined
    const query = {
      actor: asked('actor'),
      action: asked('action'),
      resource: asked('resource'),
      cursor: asked('cursor'),
    }
    const isFiltered = (query.actor ?? query.action ?? query.resource) !== undefined
    const { data: entries, next_cursor } = await c.var.operations.get<Page<AuditEntry>>('/audit', query)
    return page(c, {
      title: 'Audit log',
      section: 'audit',
      body: html`<p class="lead">Who changed what. Secrets are masked.</p>
        ${filterForm(query)}
        ${entries.length === 0 ? nothing(isFiltered) : table('Changes, newest first', columns, entries)}
        ${pager('/audit', query, next_cursor)}`,
    })
  })
}

const nothing = (isFiltered: boolean) =>
  isFiltered
    ? empty('No change fits these filters.', html`<a href="/audit">Show all changes</a>`)
    : empty('Nothing was changed yet.')

function filterForm(query: Readonly<Record<'actor' | 'action' | 'resource', string | undefined>>): Html {
  const field = (name: keyof typeof query, label: string, example: string) =>
    html`<label
      >${label}
      <input name="${name}" value="${query[name] ?? ''}" placeholder="${example}" spellcheck="false"
    /></label>`
  return html`<form class="filters" method="get" role="search" aria-label="Filter changes">
    ${field('actor', 'Who', 'root')} ${field('action', 'Did', 'sink.update')}
    ${field('resource', 'To', 'sink:orders')}
    <button>Show</button>
  </form>`
}

const columns: readonly Column<AuditEntry>[] = [
  { heading: 'When', cell: ({ at }) => clock(at) },
  { heading: 'Who', cell: ({ actor }) => data(actor, 80) },
  { heading: 'Did', cell: ({ action }) => code(action) },
  { heading: 'To', cell: ({ resource }) => data(resource, 100) },
  {
    heading: 'Before and after',
    kind: 'wide',
    cell: ({ id, before, after }) =>
      html`<details id="audit-${id}">
        <summary>${before === null ? 'made' : after === null ? 'gone' : 'differences'}</summary>
        ${block(difference(before, after), 'Before and after', 8000)}
      </details>`,
  },
]

/** A line per field that differs. */
function difference(before: AuditEntry['before'], after: AuditEntry['after']): string {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  const lines = names.flatMap((name) => {
    const [was, is] = [JSON.stringify(before?.[name]), JSON.stringify(after?.[name])]
    if (was === is) return []
    return [was !== undefined && `- ${name}: ${was}`, is !== undefined && `+ ${name}: ${is}`].filter(
      (line) => line !== false,
    )
  })
  return lines.length === 0 ? 'no field differs' : lines.join('\n')
}
