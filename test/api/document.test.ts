import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type TestApi, createTestApi } from './client.ts'

const document = `
endpoints:
  - name: orders-app
    url: https://app.example.com/hooks
    headers: { x-env: prod }
    encrypted_headers: { authorization: Bearer secret-1 }
sinks:
  - name: orders
    endpoint: orders-app
    tables:
      - name: orders          # public is understood
        filter: mrr > 100
        exclude_columns: [password_hash]
    batch_size: 10
retentions:
  - table: public.orders
    keep: 30 days
`

async function withTable(): Promise<TestApi> {
  const api = await createTestApi()
  await api.database.sql`create table public.orders (id bigint primary key, mrr numeric, password_hash text)`
  return api
}

const names = (body: { changes: { action: string; kind: string; name: string }[] }) =>
  body.changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)

const backfill = { tables: [{ name: 'orders', where: 'mrr > 5', sort_column: 'id', start: 1, end: null }] }

describe('a backfill in a document', () => {
  const withBackfill = (more: object) => ({
    endpoints: [{ name: 'e', url: 'https://app.example.com/hooks' }],
    sinks: [{ name: 's', endpoint: 'e', tables: [{ name: 'orders' }], ...more }],
  })

  it('is started when apply makes the sink, and is no difference from then on', async () => {
    const { call } = await withTable()
    const { body } = await call('POST', '/api/config/plan', withBackfill({ backfill }))
    expect(body.changes[1].diff).toContainEqual({ path: 'backfill', after: backfill })
    expect((await call('POST', '/api/config/apply', withBackfill({ backfill }))).status).toBe(200)
    const started = async () => (await call('GET', '/api/sinks/s/backfills')).body.data
    expect(await started()).toMatchObject([{ state: 'active', tables: ['public.orders'] }])
    for (const again of [{ backfill }, { backfill: null }, {}, { backfill: { tables: [] } }]) {
      expect((await call('POST', '/api/config/apply', withBackfill(again))).body).toEqual({ changes: [] })
    }
    await call('POST', '/api/config/apply', withBackfill({ backfill, batch_size: 2 }))
    expect(await started()).toHaveLength(1)
  })

  it.each([
    ['of a table that is not the sink’s', { name: 'items' }, 'name'],
    ['with a condition that is none', { name: 'orders', where: 'nothing = 1' }, 'where'],
    ['with a bound that does not fit', { name: 'orders', start: 'x' }, 'start'],
  ])('%s is found by the plan', async (_, table, field) => {
    const { call, database } = await withTable()
    await database.sql`create table public.items (id int primary key)`
    for (const verb of ['plan', 'apply']) {
      const document = withBackfill({ backfill: { tables: [table] } })
      const { status, body } = await call('POST', `/api/config/${verb}`, document)
      expect(status).toBe(400)
      expect(body.errors[0].path).toBe(`sinks[0].backfill.tables[0].${field}`)
    }
    expect((await call('GET', '/api/endpoints')).body.data).toEqual([])
  })
})

describe('a plan', () => {
  it('says what applying would do, and does none of it', async () => {
    const { call } = await withTable()
    const { status, body } = await call('POST', '/api/config/plan', document)
    expect(status).toBe(200)
    expect(names(body)).toEqual([
      'create endpoint orders-app',
      'create sink orders',
      'create retention public.orders',
    ])
    expect(JSON.stringify(body)).not.toContain('secret-1')
    expect((await call('GET', '/api/endpoints')).body.data).toEqual([])
    expect((await call('GET', '/api/sinks')).body.data).toEqual([])
  })

  it('shows what differs, before and after', async () => {
    const { call } = await withTable()
    await call('POST', '/api/config/apply', document)
    const changed = document
      .replace('batch_size: 10', 'batch_size: 20')
      .replace('mrr > 100', 'mrr > 200')
      .replace('secret-1', 'secret-2')
    const { body } = await call('POST', '/api/config/plan', changed)
    expect(body.changes).toEqual([
      {
        action: 'update',
        kind: 'endpoint',
        name: 'orders-app',
        diff: [{ path: 'encrypted_headers.authorization', before: '***', after: '***' }],
      },
      {
        action: 'update',
        kind: 'sink',
        name: 'orders',
        diff: [
          { path: 'batch_size', before: 10, after: 20 },
          { path: 'tables[public.orders].filter', before: 'mrr > 100', after: 'mrr > 200' },
        ],
      },
    ])
  })

  it('shows what somebody changed by hand', async () => {
    const { call } = await withTable()
    await call('POST', '/api/config/apply', document)
    await call('PATCH', '/api/sinks/orders', { concurrency: 3 })
    const { body } = await call('POST', '/api/config/plan', document)
    expect(body.changes).toMatchObject([
      { name: 'orders', diff: [{ path: 'concurrency', before: 3, after: 16 }] },
    ])
  })
})

describe('applying', () => {
  it('makes what the document says, and then has nothing to do', async () => {
    const { call } = await withTable()
    const { status, body } = await call('POST', '/api/config/apply', document)
    expect(status).toBe(200)
    expect(names(body)).toHaveLength(3)
    expect(body.changes[0].signing_secret).toMatch(/^whsec_/)
    expect((await call('GET', '/api/sinks/orders')).body).toMatchObject({
      batch_size: 10,
      endpoint: 'orders-app',
    })
    expect((await call('POST', '/api/config/plan', document)).body).toEqual({ changes: [] })
    expect((await call('POST', '/api/config/apply', document)).body).toEqual({ changes: [] })
  })

  it('takes JSON as well', async () => {
    const { call } = await withTable()
    expect((await call('POST', '/api/config/apply', parse(document))).status).toBe(200)
    expect((await call('POST', '/api/config/plan', document)).body).toEqual({ changes: [] })
  })

  it('is all or nothing', async () => {
    const { call, database } = await withTable()
    const broken = document.replace('keep: 30 days', 'keep: soon')
    const { status, body } = await call('POST', '/api/config/apply', broken)
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe('retentions[0].keep')
    expect((await call('GET', '/api/endpoints')).body.data).toEqual([])
    expect(await database.sql`select from pg_trigger where tgname like '00_rowhook%'`).toEqual([])
  })

  it('keeps secrets that the document does not name', async () => {
    const { call, database } = await withTable()
    await call('POST', '/api/config/apply', document)
    const [before] = await database.sql`select encrypted_headers, signing_secrets from rowhook.endpoint`
    const silent = document.replace(/ +encrypted_headers.*\n/, '').replace('x-env: prod', 'x-env: test')
    expect(names((await call('POST', '/api/config/apply', silent)).body)).toEqual([
      'update endpoint orders-app',
    ])
    const [after] = await database.sql`select encrypted_headers, signing_secrets from rowhook.endpoint`
    expect(after).toEqual(before)
  })

  it('leaves a sink paused that somebody has paused, unless the document says active', async () => {
    const { call } = await withTable()
    await call('POST', '/api/config/apply', document)
    await call('POST', '/api/sinks/orders/pause')
    expect((await call('POST', '/api/config/plan', document)).body.changes).toEqual([])
    const active = document.replace('batch_size: 10', 'batch_size: 10\n    status: active')
    await call('POST', '/api/config/apply', active)
    expect((await call('GET', '/api/sinks/orders')).body.status).toBe('active')
  })

  it('leaves alone what the document lacks, unless it is to prune', async () => {
    const { call } = await withTable()
    await call('POST', '/api/config/apply', document)
    expect((await call('POST', '/api/config/apply', '{}')).body.changes).toEqual([])
    const plan = await call('POST', '/api/config/plan?prune=true', '{}')
    expect(names(plan.body)).toEqual([
      'delete sink orders',
      'delete retention public.orders',
      'delete endpoint orders-app',
    ])
    expect(names((await call('POST', '/api/config/apply?prune=true', '{}')).body)).toEqual(names(plan.body))
    expect((await call('GET', '/api/config/export')).body).toEqual({
      endpoints: [],
      sinks: [],
      retentions: [],
    })
  })

  it('captures, and stops to, as the document says', async () => {
    const { call, database } = await withTable()
    await call('POST', '/api/config/apply', document)
    await database.sql`insert into orders values (1, 1000)`
    expect(await database.sql`select from rowhook.event where cardinality(sinks) = 1`).toHaveLength(1)
    await call('POST', '/api/config/apply?prune=true', '{}')
    expect(await database.sql`select from pg_trigger where tgname like '00_rowhook%'`).toEqual([])
  })

  it('of two documents at once ends with one of them', async () => {
    const { call } = await withTable()
    const other = document.replace('batch_size: 10', 'batch_size: 99')
    const answers = await Promise.all(
      [document, other].map((text) => call('POST', '/api/config/apply', text)),
    )
    for (const { status } of answers) expect([200, 409]).toContain(status)
    expect([10, 99]).toContain((await call('GET', '/api/sinks/orders')).body.batch_size)
  })
})

describe('an export', () => {
  it('is a document in which there is nothing to do, without secrets', async () => {
    const { call } = await withTable()
    await call('POST', '/api/config/apply', document)
    for (const format of ['json', 'yaml']) {
      const exported = await call('GET', `/api/config/export?format=${format}`)
      const text = typeof exported.body === 'string' ? exported.body : JSON.stringify(exported.body)
      expect(text).not.toMatch(/secret-1|whsec_/)
      expect((await call('POST', '/api/config/plan?prune=true', text)).body).toEqual({ changes: [] })
    }
  })
})

describe('a document', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await withTable()
  })

  it.each([
    ['is no YAML', 'endpoints: [', ''],
    ['is empty', '# nothing', ''],
    ['is a list', '- a', ''],
    ['is an empty list', '[]', ''],
    ['has a list where an object belongs', document.replace('{ x-env: prod }', '[]'), 'endpoints[0].headers'],
    ['has an unknown section', 'webhooks: []', 'webhooks'],
    ['has an unknown field', document.replace('batch_size', 'batchsize'), 'sinks[0].batchsize'],
    ['has a wrong type', document.replace('batch_size: 10', 'batch_size: ten'), 'sinks[0].batch_size'],
    [
      'names an endpoint that nobody knows',
      document.replace('endpoint: orders-app', 'endpoint: nobody'),
      'sinks[0].endpoint',
    ],
    [
      'names a table that does not exist',
      document.replace('name: orders ', 'name: nothing '),
      'sinks[0].tables[0].name',
    ],
    ['has a filter that is none', document.replace('mrr > 100', 'mrr >'), 'sinks[0].tables[0].filter'],
    [
      'names a sink twice',
      `sinks:\n${document.slice(document.indexOf('  - name: orders\n'), document.indexOf('retentions')).repeat(2)}`,
      'sinks[1].name',
    ],
    [
      'names the table of a retention twice',
      'retentions: [{ table: orders, keep: 2 days }, { table: public.orders, keep: 3 days }]',
      'retentions[1].table',
    ],
    ['tags something', 'endpoints: !!js/function "x"', ''],
    ['refers to itself endlessly', 'endpoints: &a [*a]', ''],
  ])('that %s is refused, pointing at it', async (_, text, path) => {
    for (const verb of ['plan', 'apply']) {
      const { status, body } = await api.call('POST', `/api/config/${verb}`, text)
      expect(status).toBe(400)
      expect(body.errors[0].path).toBe(path)
      expect(JSON.stringify(body)).not.toContain('secret-1')
    }
    expect(api.errors).toEqual([])
  })

  it('may lean on endpoints of the database, but not on those that it prunes', async () => {
    const { call } = await withTable()
    await call('POST', '/api/endpoints', { name: 'there', url: 'https://example.com' })
    const text = 'sinks: [{ name: s, endpoint: there, tables: [{ name: orders }] }]'
    expect((await call('POST', '/api/config/plan', text)).status).toBe(200)
    const { status, body } = await call('POST', '/api/config/plan?prune=true', text)
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe('sinks[0].endpoint')
  })

  it('has a JSON Schema for editors', async () => {
    const { app } = await createTestApi()
    const schema = (await (await app.request('/config.schema.json')).json()) as { properties: object }
    expect(Object.keys(schema.properties)).toEqual(['$schema', 'endpoints', 'sinks', 'retentions'])
  })
})

describe('columns that were renamed since', () => {
  async function renamed() {
    const api = await withTable()
    await api.call('POST', '/api/config/apply', document)
    await api.database.sql`alter table orders rename mrr to revenue`
    await api.database.sql`alter table orders rename password_hash to secret`
    return api
  }

  it('stand in the export under the names of now, and there is nothing to do', async () => {
    const { call } = await renamed()
    const { body } = await call('GET', '/api/config/export')
    expect(body.sinks[0].tables[0]).toMatchObject({ filter: 'revenue > 100', exclude_columns: ['secret'] })
    expect((await call('POST', '/api/config/plan?prune=true', body)).body.changes).toEqual([])
  })

  it('leave a document that still has the former names applied, and applicable', async () => {
    const { call } = await renamed()
    expect((await call('POST', '/api/config/plan', document)).body).toEqual({ changes: [] })
    const changed = document.replace('batch_size: 10', 'batch_size: 20')
    expect((await call('POST', '/api/config/apply', changed)).body.changes).toMatchObject([
      { name: 'orders', diff: [{ path: 'batch_size', before: 10, after: 20 }] },
    ])
    expect((await call('GET', '/api/sinks/orders')).body.tables[0].filter).toBe('revenue > 100')
  })

  it('are meant by a document only until another column has such a name', async () => {
    const { call, database } = await renamed()
    await database.sql`alter table orders add mrr int`
    await database.sql`alter table orders add password_hash text`
    const { body } = await call('POST', '/api/config/plan', document)
    expect(body.changes[0].diff).toEqual([
      { path: 'tables[public.orders].filter', before: 'revenue > 100', after: 'mrr > 100' },
      { path: 'tables[public.orders].exclude_columns', before: ['secret'], after: ['password_hash'] },
    ])
  })
})

it('settings that do not go together are refused by the plan already, at their place', async () => {
  const { call } = await withTable()
  const wrong = document.replace('batch_size: 10', 'batch_size: 10\n    batch: false')
  for (const verb of ['plan', 'apply']) {
    const { status, body } = await call('POST', `/api/config/${verb}`, wrong)
    expect(status).toBe(400)
    expect(body.errors).toEqual([{ path: 'sinks[0].batch_size', message: 'must be 1 where batch is false' }])
  }
})
