import { describe, expect, it } from 'vitest'
import { parseKeyRing } from '../../src/secret/ring.ts'
import { bearer, createTestApi } from './client.ts'

async function tokenWith(
  api: Awaited<ReturnType<typeof createTestApi>>,
  scopes: string[],
  more: object = {},
) {
  const { status, body } = await api.call('POST', '/api/tokens', { name: scopes.join('-'), scopes, ...more })
  expect(status).toBe(201)
  return body as { id: string; token: string }
}

describe('a request below /api', () => {
  it('is refused without a token, and told how to send one', async () => {
    const { app } = await createTestApi()
    const response = await app.request('/api/sinks')
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ type: 'urn:rowhook:unauthorized', status: 401 })
  })

  it('is refused with a wrong token, wherever it leads', async () => {
    const api = await createTestApi()
    for (const path of ['/api/tokens', '/api/endpoints', '/api/nowhere']) {
      expect((await api.call('GET', path, undefined, bearer('wrong'))).status).toBe(401)
    }
  })

  it('carries an id in its answer that the caller may choose', async () => {
    const api = await createTestApi()
    const chosen = await api.call('GET', '/api/nowhere', undefined, { 'x-request-id': 'mine-1' })
    expect(chosen.headers.get('x-request-id')).toBe('mine-1')
    expect(chosen.body.request_id).toBe('mine-1')
    const hostile = await api.call('GET', '/api/nowhere', undefined, { 'x-request-id': 'a"b<script>' })
    expect(hostile.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('a token', () => {
  it('is shown once and stored as a digest', async () => {
    const api = await createTestApi()
    const { token } = await tokenWith(api, ['read'])
    expect(token).toMatch(/^rht_[A-Za-z0-9_-]{43}$/)
    const list = await api.call('GET', '/api/tokens')
    expect(list.body.data).toHaveLength(1)
    expect(JSON.stringify(list.body)).not.toContain(token)
    const [row] = await api.database.sql`select to_jsonb(t)::text as text from rowhook.token t`
    expect(row!.text).not.toContain(token)
  })

  it('with the scope read looks, checks and plans, and changes nothing', async () => {
    const api = await createTestApi()
    const { token } = await tokenWith(api, ['read'])
    expect((await api.call('GET', '/api/endpoints', undefined, bearer(token))).status).toBe(200)
    const refused = await api.call(
      'POST',
      '/api/endpoints',
      { name: 'e', url: 'https://example.com' },
      bearer(token),
    )
    expect(refused.status).toBe(403)
    expect(refused.body.detail).toContain('scope write')
    expect((await api.call('GET', '/api/tokens', undefined, bearer(token))).status).toBe(403)
  })

  it('with the scope write changes things, but no tokens', async () => {
    const api = await createTestApi()
    const { token } = await tokenWith(api, ['write'])
    const made = await api.call(
      'POST',
      '/api/endpoints',
      { name: 'e', url: 'https://example.com' },
      bearer(token),
    )
    expect(made.status).toBe(201)
    expect((await api.call('GET', '/api/endpoints', undefined, bearer(token))).status).toBe(200)
    const refused = await api.call('POST', '/api/tokens', { name: 'x', scopes: ['admin'] }, bearer(token))
    expect(refused.status).toBe(403)
  })

  it('with the scope admin manages tokens', async () => {
    const api = await createTestApi()
    const { token } = await tokenWith(api, ['admin'])
    expect(
      (await api.call('POST', '/api/tokens', { name: 'x', scopes: ['read'] }, bearer(token))).status,
    ).toBe(201)
  })

  it('ends with its expiry', async () => {
    const api = await createTestApi()
    const { id, token } = await tokenWith(api, ['read'], { expires_at: '2100-01-01T00:00:00Z' })
    expect((await api.call('GET', '/api/endpoints', undefined, bearer(token))).status).toBe(200)
    await api.database.sql`update rowhook.token set expires_at = now() - interval '1 second' where id = ${id}`
    expect((await api.call('GET', '/api/endpoints', undefined, bearer(token))).status).toBe(401)
  })

  it('cannot be made with an expiry in the past', async () => {
    const api = await createTestApi()
    const past = { name: 'x', scopes: ['read'], expires_at: '2020-01-01T00:00:00Z' }
    const { status, body } = await api.call('POST', '/api/tokens', past)
    expect(status).toBe(400)
    expect(body.errors).toEqual([{ path: 'expires_at', message: 'must lie in the future' }])
  })

  it('ends when it is revoked, and stays in the list with the time', async () => {
    const api = await createTestApi()
    const { id, token } = await tokenWith(api, ['read'])
    expect((await api.call('DELETE', `/api/tokens/${id}`)).status).toBe(204)
    expect((await api.call('GET', '/api/endpoints', undefined, bearer(token))).status).toBe(401)
    expect((await api.call('DELETE', `/api/tokens/${id}`)).status).toBe(404)
    expect((await api.call('GET', '/api/tokens')).body.data[0].revoked_at).toMatch(/Z$/)
  })

  it('is revoked by its name, where no other has it', async () => {
    const api = await createTestApi()
    const first = await tokenWith(api, ['read'])
    await tokenWith(api, ['read'])
    expect((await api.call('DELETE', '/api/tokens/read')).status).toBe(409)
    expect((await api.call('DELETE', `/api/tokens/${first.id}`)).status).toBe(204)
    expect((await api.call('DELETE', '/api/tokens/read')).status).toBe(204)
    expect((await api.call('DELETE', '/api/tokens/read')).status).toBe(404)
  })

  it('notes when it was last used', async () => {
    const api = await createTestApi()
    const { token } = await tokenWith(api, ['read'])
    expect((await api.call('GET', '/api/tokens')).body.data[0].last_used_at).toBeNull()
    await api.call('GET', '/api/endpoints', undefined, bearer(token))
    expect((await api.call('GET', '/api/tokens')).body.data[0].last_used_at).toMatch(/Z$/)
  })
})

describe('wrong tokens in a row', () => {
  it('block their address, but not a token that was right before', async () => {
    const api = await createTestApi()
    const { token } = await tokenWith(api, ['read'])
    for (let i = 0; i < 20; i++) await api.call('GET', '/api/endpoints', undefined, bearer(`guess-${i}`))
    const blocked = await api.call('GET', '/api/endpoints', undefined, bearer('guess-20'))
    expect(blocked.status).toBe(429)
    expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await api.call('GET', '/api/endpoints')).status).toBe(200)
    // It was never used, so nothing tells it from a guess.
    expect((await api.call('GET', '/api/endpoints', undefined, bearer(token))).status).toBe(429)
  })
})

describe('the audit log', () => {
  it('says who made which change, newest first, without secrets', async () => {
    const api = await createTestApi()
    const { token } = await tokenWith(api, ['write'])
    const input = {
      name: 'e',
      url: 'https://example.com',
      encrypted_headers: { authorization: 'Bearer abc123' },
    }
    await api.call('POST', '/api/endpoints', input, bearer(token))
    await api.call('PATCH', '/api/endpoints/e', { url: 'https://example.org' })
    await api.call('DELETE', '/api/endpoints/e')
    const { body } = await api.call('GET', '/api/audit')
    expect(
      body.data.map(({ actor, action, resource }: Record<string, string>) => [actor, action, resource]),
    ).toEqual([
      ['root', 'endpoint.delete', 'endpoint:e'],
      ['root', 'endpoint.update', 'endpoint:e'],
      ['token:write', 'endpoint.create', 'endpoint:e'],
      ['root', 'token.create', 'token:write'],
    ])
    const [, update] = body.data
    expect([update.before.url, update.after.url]).toEqual(['https://example.com', 'https://example.org'])
    expect(JSON.stringify(body)).not.toMatch(/abc123|whsec_|rht_/)
  })

  it('is narrowed by who, what, to what and when', async () => {
    const api = await createTestApi()
    const { token } = await tokenWith(api, ['write'])
    const input = { name: 'e', url: 'https://example.com' }
    await api.call('POST', '/api/endpoints', input, bearer(token))
    await api.call('PATCH', '/api/endpoints/e', { url: 'https://example.org' })
    const actions = async (query: string) => {
      const { body } = await api.call('GET', `/api/audit?${query}`)
      return body.data.map(({ action }: { action: string }) => action)
    }
    expect(await actions('actor=token:write')).toEqual(['endpoint.create'])
    expect(await actions('actor=root')).toEqual(['endpoint.update', 'token.create'])
    expect(await actions('action=endpoint')).toEqual(['endpoint.update', 'endpoint.create'])
    expect(await actions('action=endpoint.create')).toEqual(['endpoint.create'])
    expect(await actions('action=end%25')).toEqual([])
    expect(await actions('resource=token:write')).toEqual(['token.create'])
    expect(await actions('resource=endpoint:e&actor=root')).toEqual(['endpoint.update'])
    expect(await actions('since=2020-01-01')).toHaveLength(3)
    expect(await actions('until=2020-01-01')).toEqual([])
    const { status, body } = await api.call('GET', '/api/audit?since=yesterday')
    expect([status, body.errors[0].path]).toEqual([400, 'since'])
  })

  it('is read page by page', async () => {
    const api = await createTestApi()
    for (const name of ['a', 'b', 'c']) await api.call('POST', '/api/tokens', { name, scopes: ['read'] })
    const first = await api.call('GET', '/api/audit?limit=2')
    const second = await api.call('GET', `/api/audit?limit=2&cursor=${first.body.next_cursor}`)
    const resources = [...first.body.data, ...second.body.data].map(({ resource }) => resource)
    expect(resources).toEqual(['token:c', 'token:b', 'token:a'])
    expect(second.body.next_cursor).toBeNull()
  })
})

describe('without a key', () => {
  it('an endpoint is refused with the name of the variable that is missing', async () => {
    const api = await createTestApi({
      config: { adminToken: 'r', keyRing: parseKeyRing(undefined), allowNetworks: [] },
    })
    const { status, body } = await api.call(
      'POST',
      '/api/endpoints',
      { name: 'e', url: 'https://example.com' },
      bearer('r'),
    )
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe('signing_secret')
    expect(body.detail).toContain('ROWHOOK_ENCRYPTION_KEY')
  })
})
