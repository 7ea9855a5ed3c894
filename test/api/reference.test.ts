import { describe, expect, it } from 'vitest'
import { createTestApi, rootToken } from './client.ts'

describe('/docs', () => {
  it('shows every operation, without a token, and loads nothing from anywhere', async () => {
    const { app } = await createTestApi()
    const response = await app.request('/docs')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
    const page = await response.text()
    const document = (await (await app.request('/openapi.json')).json()) as { paths: Record<string, object> }
    for (const path of Object.keys(document.paths)) expect(page).toContain(`<code>${path}</code>`)
    expect(page).not.toMatch(/<script|<link|<img|src=|@import|url\(/)
    const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link]) => link!)
    expect(links.filter((link) => !link.startsWith('#') && !link.startsWith('/'))).toEqual([])
    for (const link of links.filter((each) => each.startsWith('#')))
      expect(page).toContain(`id="${link.slice(1)}"`)
  })

  it('tells types, limits and defaults of fields', async () => {
    const { app } = await createTestApi()
    const page = (await (await app.request('/docs')).text()).replaceAll(/\s+/g, ' ')
    expect(page).toContain('<code>tables[].exclude_columns</code>')
    expect(page).toMatch(
      /<code>batch_size<\/code> ?<small>optional<\/small><\/th> <td><code>whole number, 1 to 1000<\/code><\/td> <td> ?<small>Default <code>1<\/code>/,
    )
  })
})

describe('health', () => {
  it('is told without a token', async () => {
    const { app } = await createTestApi()
    expect(await (await app.request('/healthz')).json()).toEqual({ status: 'ok' })
    const ready = await app.request('/readyz')
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ok', checks: { database: 'ok', dispatcher: 'ok' } },
    ])
    const metrics = await app.request('/metrics')
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await metrics.text()).toContain('rowhook_up 1')
  })

  it('is not ready where the loop stands still, the SQL is older, or the database is gone', async () => {
    const stuck = await createTestApi({ dispatcher: { isAlive: () => false } })
    expect((await stuck.app.request('/readyz')).status).toBe(503)
    const behind = await createTestApi()
    await behind.database.sql`update rowhook.installation set version = '0.0.1'`
    const answer = await behind.app.request('/readyz')
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('npx install-sql')
    const gone = await createTestApi()
    await gone.database.drop()
    expect((await gone.app.request('/readyz')).status).toBe(503)
    expect((await gone.app.request('/healthz')).status).toBe(200)
  })
})

describe('what is not there', () => {
  it('is a 404, and what is there under another method a 405 that names the right ones', async () => {
    const { call } = await createTestApi()
    expect((await call('GET', '/api/nothing')).status).toBe(404)
    expect((await call('GET', '/nothing')).body).toMatchObject({ type: 'urn:rowhook:not_found', status: 404 })
    const answer = await call('PUT', '/api/sinks', {})
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST')
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  it('is a body that is not UTF-8', async () => {
    const { app } = await createTestApi()
    for (const path of ['/api/endpoints', '/api/config/plan', '/api/endpoints/e/test']) {
      const answer = await app.request(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${rootToken}` },
        body: Buffer.from('{"name": "\xff"}', 'latin1'),
      })
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ errors: [{ path: '', message: 'the body is not UTF-8' }] })
    }
  })

  it.each(['.', '..'])('is %j as a name, which no URL can carry', async (name) => {
    const { call, database } = await createTestApi()
    await database.sql`create table public.orders (id int primary key)`
    await call('POST', '/api/endpoints', { name: 'e', url: 'https://example.com' })
    for (const [path, body] of [
      ['/api/endpoints', { name, url: 'https://example.com' }],
      ['/api/sinks', { name, endpoint: 'e', tables: [{ name: 'orders' }] }],
      ['/api/tokens', { name, scopes: ['read'] }],
    ] as const) {
      const answer = await call('POST', path, body)
      expect(answer.status).toBe(400)
      expect(answer.body.errors).toEqual([{ path: 'name', message: expect.stringContaining('URL') }])
    }
    expect((await call('POST', '/api/endpoints', { name: '...', url: 'https://example.com' })).status).toBe(
      201,
    )
    expect((await call('GET', '/api/endpoints/...')).status).toBe(200)
  })

  it('is a list where an object belongs, which is said once', async () => {
    const { call } = await createTestApi()
    for (const path of ['/api/endpoints', '/api/sinks', '/api/tokens', '/api/filters/check']) {
      const { status, body } = await call('POST', path, '[]')
      expect(status).toBe(400)
      expect(body.errors).toEqual([{ path: '', message: 'must be an object' }])
      expect(body.detail).toBe('must be an object.')
    }
  })

  it('is a body of more than 4 MiB', async () => {
    const { call } = await createTestApi()
    expect((await call('POST', '/api/sinks', JSON.stringify('x'.repeat(4 * 1024 * 1024)))).status).toBe(413)
  })
})
