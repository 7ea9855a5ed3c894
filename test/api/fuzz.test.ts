import { inspect } from 'node:util'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { operationsOf, requestFor, secretMarker } from './arbitrary.ts'
import { type TestApi, bearer, createTestApi, rootToken } from './client.ts'

/** Requests per operation. */
const runs = process.env.FULL === undefined ? 25 : 200

/** No request may take longer. */
const patienceMs = 5000

// oxlint-disable-next-line typescript/no-explicit-any -- the OpenAPI document
type Document = any

async function openApi(api: TestApi): Promise<Document> {
  return (await api.call('GET', '/openapi.json')).body
}

/** Everything that a request could have changed, as one text. */
async function state({ database: { sql } }: TestApi): Promise<string> {
  const [row] = await sql`
    select md5(string_agg(part, '|')) as digest from (
      select (select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]')::text from rowhook.endpoint x) as part
      union all select (select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]')::text from rowhook.sink x)
      union all select (select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]')::text from rowhook.sink_table x)
      union all select (select coalesce(jsonb_agg(jsonb_build_array(x.id, x.retention, x.retention_filter) order by x.id) filter (where x.retention is not null), '[]')::text from rowhook.source x)
      union all select (select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]')::text from rowhook.backfill x)
      union all select (select coalesce(jsonb_agg(to_jsonb(x) order by x.id), '[]')::text from rowhook.replay x)
      union all select (select coalesce(jsonb_agg(jsonb_build_array(x.id, x.revoked_at) order by x.id), '[]')::text from rowhook.token x)
      union all select (select count(*)::text from rowhook.audit)
      union all select (select count(*)::text from pg_trigger where tgname like '00_rowhook%')) parts`
  return row!.digest as string
}

async function withThings(): Promise<TestApi> {
  const api = await createTestApi()
  await api.database.sql`create table public.orders (id bigint primary key, price numeric, note text)`
  await api.call('POST', '/api/endpoints', {
    name: 'e',
    url: 'https://example.com/',
    encrypted_headers: { authorization: secretMarker },
  })
  await api.call('POST', '/api/sinks', { name: 's', endpoint: 'e', tables: [{ name: 'orders' }] })
  await api.database.sql`insert into orders values (1, 2, 'x')`
  return api
}

const names = ['e', 's', 'orders', 'public.orders', '1', '00000000-0000-0000-0000-000000000000']

describe('every operation of the OpenAPI document', () => {
  let api: TestApi
  let document: Document

  beforeAll(async () => {
    api = await withThings()
    document = await openApi(api)
  })

  it('survives whatever is sent to it: no 5xx, no hang, no secret, and nothing changed when it refuses', async () => {
    const operations = operationsOf(document, '/api/')
    expect(operations.length).toBeGreaterThan(40)
    for (const operation of operations) {
      await fc.assert(
        fc.asyncProperty(requestFor(operation, document.components, names), async ({ url, body }) => {
          const before = await state(api)
          const begun = performance.now()
          const answer = await api.call(
            operation.method,
            url,
            ['GET', 'HEAD'].includes(operation.method) ? undefined : body,
          )
          const label = `${operation.method} ${url.slice(0, 200)} ${body?.slice(0, 500)} → ${answer.status} ${JSON.stringify(answer.body)?.slice(0, 500)} ${inspect(api.errors.at(-1))}`
          expect(performance.now() - begun, label).toBeLessThan(patienceMs)
          expect(answer.status, label).toBeLessThan(500)
          const text = JSON.stringify(answer.body) ?? ''
          for (const secret of [secretMarker, rootToken]) expect(text.includes(secret), label).toBe(false)
          if (answer.status < 400) return
          expect(answer.headers.get('content-type'), label).toBe('application/problem+json')
          expect(answer.body, label).toMatchObject({
            type: expect.stringMatching(/^urn:rowhook:/),
            status: answer.status,
          })
          if (answer.status === 400) expect(answer.body.errors.length, label).toBeGreaterThan(0)
          expect(await state(api), label).toBe(before)
        }),
        { numRuns: runs },
      )
    }
    expect(api.errors).toEqual([])
  }, 600_000)

  it('needs a token', async () => {
    for (const { method, path } of operationsOf(document, '/api/')) {
      const url = path.replaceAll(/\{\w+\}/g, 'x')
      expect((await api.call(method, url, undefined, { authorization: '' })).status, `${method} ${url}`).toBe(
        401,
      )
    }
  })

  it('that changes something is refused to a token that may only read', async () => {
    const { token } = (await api.call('POST', '/api/tokens', { name: 'reader', scopes: ['read'] })).body
    const harmless = ['/api/filters/check', '/api/config/plan']
    for (const { method, path } of operationsOf(document, '/api/')) {
      const showsAnyTable = path === '/api/tables/{table}/rows'
      const isChange = (method !== 'GET' && !harmless.includes(path)) || showsAnyTable
      const isAdmins = /^\/api\/(tokens|audit)/.test(path)
      const { status } = await api.call(method, path.replaceAll(/\{\w+\}/g, 'x'), undefined, bearer(token))
      expect(status === 403, `${method} ${path}: ${status}`).toBe(isChange || isAdmins)
    }
  })

  it('is described: a summary, a tag, an answer, and the schema of its body', () => {
    for (const [path, methods] of Object.entries<Document>(document.paths)) {
      for (const [method, operation] of Object.entries<Document>(methods)) {
        expect(operation.summary, `${method} ${path}`).toBeTruthy()
        expect(operation.tags, `${method} ${path}`).toHaveLength(1)
        expect(Object.keys(operation.responses).length, `${method} ${path}`).toBeGreaterThan(1)
      }
    }
    for (const path of ['/healthz', '/readyz', '/metrics'])
      expect(document.paths[path].get.security, path).toEqual([])
    expect(document.openapi).toBe('3.1.0')
    const references = JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name!)
  })
})
