import { describe, expect, it } from 'vitest'
import { listAudit, writeAudit } from '../../src/api/store/audit.ts'
import * as endpoints from '../../src/api/store/endpoints.ts'
import * as sinks from '../../src/api/store/sinks.ts'
import * as tokens from '../../src/api/store/tokens.ts'
import { ConflictError, NotFoundError } from '../../src/errors.ts'
import { memoryDatabase } from './database.ts'

const now = new Date('2026-11-23T08:00:00Z')

const endpoint = {
  id: '11111111-1111-4111-8111-111111111111',
  name: 'orders-app',
  url: 'https://app.example.com/',
  headers: {},
  encrypted_headers: {},
  signing_secrets: [],
  ca_certificate: null,
  client_certificate: null,
  client_key: null,
}

const sink: sinks.SinkColumns = {
  name: 'orders',
  endpoint_id: endpoint.id,
  path: '',
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
  alert_endpoint_id: null,
  status: 'active',
}

describe('endpoints', () => {
  it('are found by name and by id', async () => {
    const db = memoryDatabase()
    await endpoints.insertEndpoint(db, endpoint)
    expect((await endpoints.findEndpoint(db, 'orders-app')).id).toBe(endpoint.id)
    expect((await endpoints.findEndpoint(db, endpoint.id)).name).toBe('orders-app')
    await expect(endpoints.findEndpoint(db, 'nobody')).rejects.toThrow(NotFoundError)
  })

  it('that are called like the id of another one do not hide it', async () => {
    const db = memoryDatabase()
    await endpoints.insertEndpoint(db, endpoint)
    const impostor = { ...endpoint, id: '22222222-2222-4222-8222-222222222222', name: endpoint.id }
    await endpoints.insertEndpoint(db, impostor)
    expect((await endpoints.findEndpoint(db, endpoint.id)).name).toBe('orders-app')
  })

  it('cannot be renamed to what another one is called', async () => {
    const db = memoryDatabase()
    const second = { ...endpoint, id: '22222222-2222-4222-8222-222222222222', name: 'second' }
    await endpoints.insertEndpoint(db, endpoint)
    await endpoints.insertEndpoint(db, second)
    const { id: _, ...columns } = endpoint
    await expect(endpoints.updateEndpoint(db, second.id, columns, now)).rejects.toThrow(ConflictError)
  })

  it('raise their version, and that of their sinks, with every change', async () => {
    const db = memoryDatabase()
    await endpoints.insertEndpoint(db, endpoint)
    await sinks.insertSink(db, sink)
    const { id: _, ...columns } = endpoint
    const changed = await endpoints.updateEndpoint(
      db,
      endpoint.id,
      { ...columns, url: 'https://b.example.com/' },
      now,
    )
    expect(Number(changed.version)).toBe(2)
    expect(Number((await sinks.findSink(db, 'orders')).version)).toBe(2)
  })

  it('are not deleted while a sink sends to them, or alerts through them', async () => {
    const db = memoryDatabase()
    await endpoints.insertEndpoint(db, endpoint)
    const id = await sinks.insertSink(db, sink)
    await expect(endpoints.deleteEndpoint(db, endpoint)).rejects.toThrow(/in use by orders/)
    await sinks.deleteSink(db, id)
    await endpoints.deleteEndpoint(db, endpoint)
    expect(await endpoints.listEndpoints(db, 10)).toEqual([])
  })
})

describe('sinks', () => {
  it('are listed by name from after a given one', async () => {
    const db = memoryDatabase()
    await endpoints.insertEndpoint(db, endpoint)
    for (const name of ['c', 'a', 'b']) await sinks.insertSink(db, { ...sink, name })
    const names = async (limit: number, after?: string) =>
      (await sinks.listSinks(db, limit, after)).map(({ name }) => name)
    expect(await names(2)).toEqual(['a', 'b'])
    expect(await names(2, 'b')).toEqual(['c'])
  })

  it('forget why rowhook paused them when a person changes them', async () => {
    const db = memoryDatabase()
    await endpoints.insertEndpoint(db, endpoint)
    const id = await sinks.insertSink(db, sink)
    await db.updateTable('rowhook.sink').set({ status: 'paused', status_reason: '410 Gone' }).execute()
    await sinks.updateSink(db, id, sink)
    expect(await sinks.findSink(db, 'orders')).toMatchObject({ status: 'active', status_reason: null })
  })
})

describe('tokens', () => {
  it('are found by their digest only while they are usable', async () => {
    const db = memoryDatabase()
    const { row, token } = await tokens.createToken(db, {
      name: 'ci',
      scopes: ['read'],
      expiresAt: new Date(now.getTime() + 1000),
    })
    const digest = tokens.digestOf(token)
    expect((await tokens.findUsableToken(db, digest, now))?.id).toBe(row.id)
    expect(await tokens.findUsableToken(db, digest, new Date(now.getTime() + 1000))).toBeUndefined()
    await tokens.revokeToken(db, row.id, now)
    expect(await tokens.findUsableToken(db, digest, now)).toBeUndefined()
    expect(await tokens.hasUsableToken(db, now)).toBe(false)
  })

  it('note their use at most once a minute', async () => {
    const db = memoryDatabase()
    await tokens.createToken(db, { name: 'ci', scopes: ['read'], expiresAt: null })
    const used = async () => (await tokens.listTokens(db, 1))[0]!.last_used_at
    const touch = async (at: Date) => tokens.touchToken(db, (await tokens.listTokens(db, 1))[0]!, at)
    await touch(now)
    await touch(new Date(now.getTime() + 59_000))
    expect(await used()).toEqual(now)
    await touch(new Date(now.getTime() + 60_000))
    expect(await used()).toEqual(new Date(now.getTime() + 60_000))
  })

  it('have the widest of their scopes', () => {
    expect(tokens.widestScope({ scopes: ['admin', 'read'] })).toBe('admin')
    expect(tokens.widestScope({ scopes: ['read', 'write'] })).toBe('write')
  })
})

describe('the audit log', () => {
  it('is read from the newest line on', async () => {
    const db = memoryDatabase()
    for (const action of ['a', 'b', 'c']) {
      await writeAudit(db, { actor: 'root', action, resource: 'x', before: null, after: { action } })
    }
    const lines = await listAudit(db, 2)
    expect(lines.map(({ action }) => action)).toEqual(['c', 'b'])
    expect((await listAudit(db, 2, {}, lines[1]!.id)).map(({ action }) => action)).toEqual(['a'])
  })
})
