// A sink as a form holds it, and the way back from the form to the body that the API takes.
import type { Sink } from '../resources.ts'
import type { SentForm } from '../sentForm.ts'

type SinkTable = Sink['tables'][number]

/** What the form holds; of a new sink, the API's defaults. */
export type SinkDraft = Pick<
  Sink,
  | 'name'
  | 'endpoint'
  | 'path'
  | 'message_type'
  | 'batch'
  | 'batch_size'
  | 'batch_timeout_ms'
  | 'request_timeout_ms'
  | 'max_retry_count'
  | 'concurrency'
  | 'rate_limit'
  | 'compression'
  | 'max_message_bytes'
  | 'alert_endpoint'
> & { tables: Omit<SinkTable, 'stale_reason'>[] }

/** A new sink of one table. */
export function newDraft(table: string, name: string, endpoint: string): SinkDraft {
  return {
    name,
    endpoint,
    path: '',
    tables: [
      {
        name: table,
        actions: ['insert', 'update', 'delete'],
        filter: null,
        group_by: null,
        exclude_columns: [],
        unchanged: false,
      },
    ],
    message_type: 'changes',
    batch: true,
    batch_size: 1,
    batch_timeout_ms: 0,
    request_timeout_ms: 30_000,
    max_retry_count: null,
    concurrency: 16,
    rate_limit: null,
    compression: null,
    max_message_bytes: null,
    alert_endpoint: null,
  }
}

/** The form as the body of POST or PATCH /api/sinks; a number that is none goes as it is, to be refused. */
export function draftOf(form: SentForm): SinkDraft {
  const text = form.text
  const list = form.list
  const number = (name: string) =>
    (text(name) === '' || Number.isNaN(Number(text(name))) ? text(name) : Number(text(name))) as number
  const numberOrNull = (name: string) => (text(name) === '' ? null : number(name))
  const tables: SinkDraft['tables'] = []
  for (let i = 0; form.has(`t${i}.name`); i += 1) {
    if (form.has(`t${i}.remove`)) continue
    const filter = text(`t${i}.filter`)
    const order = text(`t${i}.order`)
    tables.push({
      name: text(`t${i}.name`),
      actions: list(`t${i}.actions`) as SinkTable['actions'],
      filter: filter === '' ? null : (filterOf(filter) as SinkTable['filter']),
      group_by: order === 'columns' ? list(`t${i}.group_by`) : order === 'none' ? [] : null,
      exclude_columns: list(`t${i}.exclude_columns`),
      unchanged: form.has(`t${i}.unchanged`),
    })
  }
  return {
    name: text('name'),
    endpoint: text('endpoint'),
    path: text('path'),
    tables,
    message_type: text('message_type') as Sink['message_type'],
    batch: text('batch') !== 'false',
    batch_size: number('batch_size'),
    batch_timeout_ms: number('batch_timeout_ms'),
    request_timeout_ms: number('request_timeout_ms'),
    max_retry_count: numberOrNull('max_retry_count'),
    concurrency: number('concurrency'),
    rate_limit: numberOrNull('rate_limit'),
    compression: (text('compression') || null) as Sink['compression'],
    max_message_bytes: numberOrNull('max_message_bytes'),
    alert_endpoint: text('alert_endpoint') || null,
  }
}

/** A filter as the text that a person edits. */
export function filterText(filter: SinkTable['filter']): string {
  if (filter === null || filter === undefined) return ''
  return typeof filter === 'string' ? filter : JSON.stringify(filter)
}

/** The structured form is JSON, everything else is SQL. */
export function filterOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    // as SQL it is wrong too, and the API says where
    return text
  }
}
