import { parse, parseDocument } from 'yaml'
import { expect, test } from 'vitest'
import { mergeExport } from '../../../src/cli/merge.ts'

const exported = {
  endpoints: [
    { name: 'app', url: 'https://example.com', headers: {}, ca_certificate: null, client_certificate: null },
  ],
  sinks: [
    {
      name: 'orders',
      endpoint: 'app',
      path: '',
      tables: [
        {
          name: 'public.orders',
          actions: ['insert', 'update', 'delete'],
          filter: 'mrr > 100',
          group_by: null,
          exclude_columns: [],
          unchanged: false,
        },
      ],
      message_type: 'changes',
      batch: true,
      batch_size: 10,
      batch_timeout_ms: 0,
      request_timeout_ms: 30_000,
      max_retry_count: null,
      concurrency: 16,
      rate_limit: null,
      compression: null,
      max_message_bytes: null,
      alert_endpoint: null,
      status: 'active',
    },
  ],
  retentions: [],
}

const merge = (text: string, value: object = exported, env: Record<string, string> = {}) =>
  mergeExport({ name: 'rowhook.yml', text, document: parseDocument(text) }, value, env)

test('a new document names what differs from the defaults', () => {
  expect(mergeExport(undefined, exported, {})).toBe(`endpoints:
  - name: app
    url: https://example.com
sinks:
  - name: orders
    endpoint: app
    tables:
      - name: public.orders
        filter: mrr > 100
    batch_size: 10
`)
})

const document = `# ours
endpoints:
  - name: app # the app
    url: https://\${HOST:-example.com}
    encrypted_headers:
      authorization: \${TOKEN}
sinks:
  # all of them
  - name: orders
    endpoint: app
    batch_size: \${SIZE:-10}
    backfill: {tables: []} # once
    tables:
      - name: orders # without a schema
        filter: mrr > 100
`

test('a document that says the same already stays as it is, to the byte', () => {
  expect(merge(document, exported, { TOKEN: 'x' })).toBe(document)
})

test('what changed is changed in place; comments, variables that still hold, and secrets stay', () => {
  const changed = structuredClone(exported)
  changed.sinks[0]!.tables[0]!.filter = 'mrr > 200'
  changed.sinks[0]!.batch_size = 20
  expect(merge(document, changed, { TOKEN: 'x' })).toBe(
    document.replace('mrr > 100', 'mrr > 200').replace('${SIZE:-10}', '20'),
  )
})

test('what is gone is taken out, what is new is put at the end', () => {
  const changed = structuredClone(exported)
  changed.sinks[0]!.name = 'invoices'
  const merged = merge(document, changed, { TOKEN: 'x' })
  expect(parse(merged).sinks.map((sink: { name: string }) => sink.name)).toEqual(['invoices'])
  expect(merged).toContain('name: app # the app')
})

test('flow style and lists of plain values survive', () => {
  const text =
    'sinks: [{ name: orders, endpoint: app, batch_size: 10, tables: [{ name: public.orders, filter: mrr > 100, actions: [insert, update, delete] }] }]\n'
  expect(merge(text, { ...exported, endpoints: [] })).toBe(text)
})
