// Every change that was made through the API or this console, newest first.
import { Hono } from 'hono'
import { block, code, data } from '../html/data.ts'
import { html } from '../html/html.ts'
import { page } from '../html/layout.ts'
import { type Column, empty, pager, table } from '../html/list.ts'
import { clock } from '../html/quantity.ts'
import type { Page } from '../operations.ts'
import type { AuditEntry } from '../resources.ts'
import type { ConsoleEnv } from '../visit.ts'

export function auditPages(): Hono<ConsoleEnv> {
  return new Hono<ConsoleEnv>().get('/audit', async (c) => {
    const query = { cursor: c.req.query('cursor') }
    const { data: entries, next_cursor } = await c.var.operations.get<Page<AuditEntry>>('/audit', query)
    return page(c, {
      title: 'Audit log',
      section: 'audit',
      body: html`<p class="lead">Who changed what. Secrets are masked.</p>
        ${entries.length === 0 ? empty('Nothing was changed yet.') : table('Changes, newest first', columns, entries)}
        ${pager('/audit', query, next_cursor)}`,
    })
  })
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
