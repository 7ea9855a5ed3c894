import { beforeAll, describe, expect, it } from 'vitest'
import { decrypt } from '../../src/secret/cipher.ts'
import { headerIdentity, signingIdentity } from '../../src/secret/identity.ts'
import { parseKeyRing } from '../../src/secret/ring.ts'
import { type TestApi, createTestApi, encryptionKey } from './client.ts'

const input = {
  name: 'orders-app',
  url: 'https://app.example.com/hooks',
  headers: { 'x-env': 'prod' },
  encrypted_headers: { authorization: 'Bearer secret-1' },
  signing_secret: null,
}

async function withEndpoint(more: object = {}) {
  const api = await createTestApi()
  const made = await api.call('POST', '/api/endpoints', { ...input, ...more })
  expect(made.status).toBe(201)
  return { ...api, made: made.body, stored: () => storedRow(api) }
}

async function storedRow(api: Awaited<ReturnType<typeof createTestApi>>) {
  const [row] = await api.database.sql`select * from rowhook.endpoint`
  return row!
}

describe('reading endpoints', () => {
  it('names the sinks that send to each, however many there are of others', async () => {
    const { call, database } = await withEndpoint()
    await call('POST', '/api/endpoints', { ...input, name: 'other' })
    await database.sql`create table orders (id int primary key)`
    await database.sql`
      insert into rowhook.sink (name, endpoint_id)
      select 'a' || i, e.id from rowhook.endpoint e, generate_series(1, 1200) i where e.name = 'other'`
    const sink = { endpoint: 'orders-app', tables: [{ name: 'orders' }] }
    const { body: last } = await call('POST', '/api/sinks', { ...sink, name: 'z' })
    const sinks = [{ id: last.id, name: 'z' }]
    expect((await call('GET', '/api/endpoints/orders-app')).body.sinks).toEqual(sinks)
    const { body } = await call('GET', '/api/endpoints')
    const counts = body.data.map((each: { sinks: object[] }) => each.sinks.length)
    expect(counts).toEqual([1, 1200])
  })
})

describe('creating an endpoint', () => {
  it('shows the signing secret that was made once, and never the headers that are encrypted', async () => {
    const api = await withEndpoint()
    expect(api.made).toMatchObject({
      name: 'orders-app',
      headers: { 'x-env': 'prod' },
      encrypted_headers: { authorization: '***' },
    })
    expect(api.made.signing_secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const shown = await api.call('GET', '/api/endpoints/orders-app')
    expect(shown.body.signing_secret).toBeUndefined()
    expect(JSON.stringify(shown.body)).not.toContain('secret-1')
  })

  it('stores secrets encrypted, bound to this endpoint', async () => {
    const api = await withEndpoint()
    const row = await api.stored()
    expect(JSON.stringify(row)).not.toMatch(/secret-1|whsec_/)
    const ring = parseKeyRing(encryptionKey)
    expect(decrypt(ring, headerIdentity(row.id, 'authorization'), row.encrypted_headers.authorization)).toBe(
      'Bearer secret-1',
    )
    expect(decrypt(ring, signingIdentity(row.id), row.signing_secrets[0].ciphertext)).toBe(
      api.made.signing_secret,
    )
  })

  it('takes a signing secret that the receiver knows already, and does not repeat it', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const { made } = await withEndpoint({ signing_secret: secret })
    expect(JSON.stringify(made)).not.toContain(secret)
  })

  it('refuses a name that is taken', async () => {
    const api = await withEndpoint()
    expect((await api.call('POST', '/api/endpoints', input)).status).toBe(409)
  })
})

describe('creating an endpoint with', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await createTestApi()
  })

  it.each([
    ['a private address', { url: 'http://10.0.0.1/' }, 'url'],
    ['the address of a cloud metadata service in decimal', { url: 'http://2852039166/' }, 'url'],
    ['no address at all', { url: '' }, 'url'],
    ['another scheme', { url: 'ftp://example.com' }, 'url'],
    ['a name with a space', { name: 'a b' }, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a name of 101 characters', { name: 'a'.repeat(101) }, 'name'],
    ['a header that rowhook sets', { headers: { 'Webhook-Id': 'x' } }, 'headers.Webhook-Id'],
    ['a header with a line break', { encrypted_headers: { 'x-a': 'b\r\nx-c: d' } }, 'encrypted_headers.x-a'],
    ['a header in both objects', { headers: { Authorization: 'x' } }, 'encrypted_headers.authorization'],
    ['a signing secret that is too short', { signing_secret: 'whsec_c2hvcnQ=' }, 'signing_secret'],
    ['a certificate that is none', { ca_certificate: 'hello' }, 'ca_certificate'],
    ['a key without a certificate', { client_key: 'hello' }, 'client_certificate'],
    ['an unknown field', { sekret: 'x' }, 'sekret'],
    ['a url that is a number', { url: 5 }, 'url'],
    ['a NUL in a text', { url: 'https://example.com/\0' }, 'url'],
  ])('%s is refused, pointing at it', async (_, change, path) => {
    const { status, body } = await api.call('POST', '/api/endpoints', { ...input, ...change })
    expect(status).toBe(400)
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path)
    expect(JSON.stringify(body)).not.toMatch(/secret-1|c2hvcnQ/)
    expect((await api.call('GET', '/api/endpoints')).body.data).toEqual([])
  })
})

describe('an endpoint', () => {
  it('is addressed by its name or its id', async () => {
    const { call, made } = await withEndpoint()
    expect((await call('GET', `/api/endpoints/${made.id}`)).body.name).toBe('orders-app')
    expect((await call('GET', '/api/endpoints/nobody')).status).toBe(404)
  })

  it('keeps what a change does not name', async () => {
    const api = await withEndpoint()
    const before = await api.stored()
    const { status, body } = await api.call('PATCH', '/api/endpoints/orders-app', {
      url: 'https://other.example.com/',
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ url: 'https://other.example.com/', headers: { 'x-env': 'prod' } })
    const after = await api.stored()
    expect(after.encrypted_headers).toEqual(before.encrypted_headers)
    expect(after.signing_secrets).toEqual(before.signing_secrets)
  })

  it('keeps a secret whose mask is sent back', async () => {
    const api = await withEndpoint()
    const before = await api.stored()
    const { body } = await api.call('GET', '/api/endpoints/orders-app')
    const { name, url, headers, encrypted_headers } = body
    await api.call('PATCH', '/api/endpoints/orders-app', { name, url, headers, encrypted_headers })
    expect((await api.stored()).encrypted_headers).toEqual(before.encrypted_headers)
  })

  it('does not take the mask for a secret where there is nothing to keep', async () => {
    const { call } = await withEndpoint()
    const { status, body } = await call('PATCH', '/api/endpoints/orders-app', {
      encrypted_headers: { 'x-new': '***' },
    })
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe('encrypted_headers.x-new')
  })

  it('loses an encrypted header that is set to null, in any case', async () => {
    const { call } = await withEndpoint()
    const { body } = await call('PATCH', '/api/endpoints/orders-app', {
      encrypted_headers: { AUTHORIZATION: null, 'x-b': 'c' },
    })
    expect(body.encrypted_headers).toEqual({ 'x-b': '***' })
  })

  it('is not overwritten by somebody who has read an older version', async () => {
    const { call } = await withEndpoint()
    const read = await call('GET', '/api/endpoints/orders-app')
    const etag = read.headers.get('etag')!
    const mine = await call(
      'PATCH',
      '/api/endpoints/orders-app',
      { url: 'https://a.example.com' },
      { 'if-match': etag },
    )
    expect(mine.status).toBe(200)
    const theirs = await call(
      'PATCH',
      '/api/endpoints/orders-app',
      { url: 'https://b.example.com' },
      { 'if-match': etag },
    )
    expect(theirs.status).toBe(412)
    expect((await call('GET', '/api/endpoints/orders-app')).body.url).toBe('https://a.example.com')
    expect((await call('DELETE', '/api/endpoints/orders-app', undefined, { 'if-match': etag })).status).toBe(
      412,
    )
  })

  it('signs with the new and, for a while, the former secret after a rotation', async () => {
    const { call, made } = await withEndpoint()
    const rotated = await call('POST', '/api/endpoints/orders-app/rotate-secret', { overlap_hours: 1 })
    expect(rotated.body.signing_secret).toMatch(/^whsec_/)
    expect(rotated.body.signing_secret).not.toBe(made.signing_secret)
    const { signing_secrets } = (await call('GET', '/api/endpoints/orders-app')).body
    expect(signing_secrets).toHaveLength(2)
    expect(signing_secrets[0].expires_at).toBeNull()
    const overlap = Date.parse(signing_secrets[1].expires_at) - Date.parse(signing_secrets[0].created_at)
    expect(overlap).toBe(3_600_000)
  })

  it('drops the former secret at once where no overlap is wanted', async () => {
    const { call } = await withEndpoint()
    await call('POST', '/api/endpoints/orders-app/rotate-secret', { overlap_hours: 0 })
    expect((await call('GET', '/api/endpoints/orders-app')).body.signing_secrets).toHaveLength(1)
  })

  it('is not deleted while a sink uses it', async () => {
    const { call, made, database } = await withEndpoint()
    await database.sql`insert into rowhook.sink (name, endpoint_id) values ('orders', ${made.id})`
    const { status, body } = await call('DELETE', '/api/endpoints/orders-app')
    expect(status).toBe(409)
    expect(body.detail).toContain('orders')
    await database.sql`delete from rowhook.sink`
    expect((await call('DELETE', '/api/endpoints/orders-app')).status).toBe(204)
    expect((await call('GET', '/api/endpoints/orders-app')).status).toBe(404)
  })
})

describe('a list', () => {
  it('comes page by page, each row once', async () => {
    const { call } = await createTestApi()
    const names = Array.from({ length: 7 }, (_, i) => `e${i}`)
    for (const name of names.toReversed())
      await call('POST', '/api/endpoints', { name, url: 'https://example.com' })
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body } = await call('GET', `/api/endpoints?limit=3${cursor && `&cursor=${cursor}`}`)
      seen.push(...body.data.map(({ name }: { name: string }) => name))
      cursor = body.next_cursor
    }
    expect(seen).toEqual(names)
  })
})

describe('a list with', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await createTestApi()
  })

  it.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'limit=',
    'cursor=x',
    'cursor=WzFd',
    'nothing=1',
    'limit=1&limit=2',
  ])('?%s is refused', async (search) => {
    const { status, body } = await api.call('GET', `/api/endpoints?${search}`)
    expect(status).toBe(400)
    expect(body.errors[0].path).toBe(search.split('=')[0])
  })
})

describe('an Idempotency-Key', () => {
  it('makes a repeated POST answer as the first one did, secret included', async () => {
    const { call, database } = await createTestApi()
    const headers = { 'idempotency-key': 'abc' }
    const first = await call('POST', '/api/endpoints', input, headers)
    const second = await call('POST', '/api/endpoints', input, headers)
    expect(second.status).toBe(201)
    expect(second.body).toEqual(first.body)
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    const [row] = await database.sql`select to_jsonb(i)::text as text from rowhook.idempotency i`
    expect(row!.text).not.toContain(first.body.signing_secret)
  })

  it('is refused for another request', async () => {
    const { call } = await createTestApi()
    const headers = { 'idempotency-key': 'abc' }
    await call('POST', '/api/endpoints', input, headers)
    expect((await call('POST', '/api/endpoints', { ...input, name: 'other' }, headers)).status).toBe(422)
  })

  it('is free again after a failure', async () => {
    const { call } = await createTestApi()
    const headers = { 'idempotency-key': 'abc' }
    expect((await call('POST', '/api/endpoints', { ...input, url: 'x' }, headers)).status).toBe(400)
    expect((await call('POST', '/api/endpoints', input, headers)).status).toBe(201)
  })

  it('is forgotten after a day', async () => {
    const { call, database } = await createTestApi()
    const headers = { 'idempotency-key': 'abc' }
    await call('POST', '/api/endpoints', input, headers)
    await database.sql`update rowhook.idempotency set created_at = now() - interval '25 hours'`
    expect((await call('POST', '/api/endpoints', { ...input, name: 'other' }, headers)).status).toBe(201)
  })

  it('lets one of two simultaneous requests through', async () => {
    const { call } = await createTestApi()
    const post = () => call('POST', '/api/endpoints', input, { 'idempotency-key': 'abc' })
    const statuses = (await Promise.all([post(), post()]))
      .map(({ status }) => status)
      .toSorted((a, b) => a - b)
    expect([
      [201, 201],
      [201, 409],
    ]).toContainEqual(statuses)
    expect((await call('GET', '/api/endpoints')).body.data).toHaveLength(1)
  })
})
