// The doctor on real databases: a healthy one, and one ailment at a time.
import type postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { parseNetworks } from '../../../src/deliver/networks.ts'
import { createReach } from '../../../src/deliver/reach.ts'
import { examine } from '../../../src/doctor/examine.ts'
import { encrypt } from '../../../src/secret/cipher.ts'
import { signingIdentity } from '../../../src/secret/identity.ts'
import { parseKeyRing } from '../../../src/secret/ring.ts'
import { createDatabase } from '../../support/database.ts'
import { receiver } from '../../support/receiver.ts'
import { ordinaryRole, withDatabase } from '../../support/template.ts'
import { createTestApi } from '../../api/client.ts'

const keyRing = parseKeyRing(Buffer.alloc(32, 7).toString('base64'))
const reach = createReach({ allowNetworks: parseNetworks('127.0.0.0/8') })

/** Findings that are not ok, as `check: message`. */
async function complaints(sql: postgres.Sql, only?: string): Promise<string[]> {
  const { findings } = await examine({ sql, keyRing, reach })
  return findings
    .filter(
      ({ level, check }) => level !== 'ok' && level !== 'note' && (only === undefined || check === only),
    )
    .map(({ check, message }) => `${check}: ${message}`)
}

/** A database with a sink on `orders`. */
async function withSink() {
  const to = await receiver()
  const api = await createTestApi()
  const { sql } = api.database
  await sql`create table orders (id int primary key, status text)`
  await api.call('POST', '/api/endpoints', { name: 'app', url: to.url })
  const made = await api.call('POST', '/api/sinks', {
    name: 'orders',
    endpoint: 'app',
    tables: [{ name: 'orders' }],
  })
  expect(made.status).toBe(201)
  return { api, sql, to }
}

test('finds a foreign partition of a captured table', async () => {
  const api = await createTestApi()
  const { sql } = api.database
  await sql`create table orders (id int, status text) partition by range (id)`
  await api.call('POST', '/api/endpoints', { name: 'app', url: 'https://app.example.com' })
  await api.call('POST', '/api/sinks', { name: 'orders', endpoint: 'app', tables: [{ name: 'orders' }] })
  await sql`create foreign data wrapper w`
  await sql`create server s foreign data wrapper w`
  await sql`create foreign table far partition of orders default server s`
  const found =
    'capture: public.orders has a foreign member, public.far: Postgres refuses statements that reach it through triggers with transition tables'
  expect(await complaints(sql, 'capture')).toContain(found)
  await sql`select rowhook.refresh('orders')`
  expect(await complaints(sql, 'capture')).toEqual([
    expect.stringMatching(
      /^capture: sink orders is stale: table public.orders has a foreign member, public.far/,
    ),
    found,
  ])
})

test('has nothing to say of triggers, capture, rights, connection, endpoints and clocks that are well', async () => {
  const { sql } = await withSink()
  const { findings } = await examine({ sql, keyRing, reach })
  const well = [
    'versions',
    'triggers',
    'capture',
    'role',
    'connection',
    'endpoints',
    'secrets',
    'clock',
    'sinks',
  ]
  expect(findings.filter(({ check, level }) => well.includes(check) && level !== 'ok')).toEqual([])
  for (const check of well) expect(findings.map((each) => each.check)).toContain(check)
})

describe('finds', () => {
  test('SQL that is missing, and then asks no more', async () => {
    const { sql } = await createDatabase({ template: false })
    expect(await complaints(sql)).toEqual([expect.stringMatching(/^versions: /)])
  })

  test('a trigger that is disabled or gone, also on a partition', async () => {
    const { api, sql } = await withSink()
    await sql`create table parts (id int primary key) partition by list (id)`
    await sql`create table parts_1 partition of parts for values in (1)`
    await api.call('PATCH', '/api/sinks/orders', { tables: [{ name: 'orders' }, { name: 'parts' }] })
    expect(await complaints(sql, 'triggers')).toEqual([])
    await sql`alter table orders disable trigger "00_rowhook_update"`
    await sql`drop trigger "00_rowhook_delete" on parts_1`
    expect(await complaints(sql, 'triggers')).toEqual([
      'triggers: on public.orders, 00_rowhook_update is disabled: those changes are not captured',
      'triggers: public.parts_1 lacks 00_rowhook_delete: those changes are not captured',
    ])
  })

  test('partitions that are gone, not those that are there', async () => {
    const { sql } = await withSink()
    await sql`call rowhook.maintain()`
    const { findings } = await examine({ sql, keyRing, reach })
    expect(findings.filter(({ check }) => check === 'partitions').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^rowhook\.event has 8 partitions, [78] days ahead$/),
      expect.stringMatching(/^rowhook\.delivery has 8 partitions, [78] days ahead$/),
    ])
    await sql`do $$ declare t regclass; begin
      for t in select relid from rowhook.partitions('delivery') loop execute format('drop table %s', t); end loop; end $$`
    expect(await complaints(sql, 'partitions')).toEqual([
      'partitions: rowhook.delivery has no partitions: what comes then goes into the default one',
    ])
  })

  test('capture that is older than its table, and a sink whose column is gone', async () => {
    const { api, sql } = await withSink()
    const tables = [{ name: 'orders', filter: "status = 'x'" }]
    await api.call('PATCH', '/api/sinks/orders', { tables })
    await sql`alter table orders add column note text`
    expect(await complaints(sql, 'capture')).toEqual([
      'capture: the capture of public.orders was made before its last change',
    ])
    await sql`alter table orders drop column status`
    await sql`select rowhook.refresh('orders')`
    expect(await complaints(sql, 'capture')).toEqual([expect.stringContaining('sink orders is stale: ')])
  })

  test('a role that may not do its work', async () => {
    const { api, sql } = await withSink()
    await sql.unsafe(`grant usage on schema rowhook to ordinary;
      grant select on all tables in schema rowhook to ordinary;
      grant select on all sequences in schema rowhook to ordinary;
      grant execute on all functions in schema rowhook to ordinary`)
    const ordinary = connect(withDatabase(api.database.adminUrl, api.database.name, ordinaryRole), { max: 3 })
    try {
      expect(await complaints(ordinary, 'role')).toEqual([
        expect.stringContaining('role ordinary does not own the schema rowhook'),
        expect.stringContaining('role ordinary may not create triggers on public.orders'),
        expect.stringContaining('role ordinary may not read public.orders'),
      ])
    } finally {
      await ordinary.end()
    }
  })

  test('a sink with an active receiver and no dispatcher; one that nothing reaches', async () => {
    const { sql, to } = await withSink()
    expect(await complaints(sql, 'dispatchers')).toEqual([
      'dispatchers: no dispatcher runs: nothing is delivered, changes are kept',
    ])
    await to.close()
    expect(await complaints(sql, 'endpoints')).toEqual([
      expect.stringMatching(/^endpoints: endpoint app cannot be reached from here: .*ECONNREFUSED/),
    ])
  })

  test('a dispatcher that fell silent', async () => {
    const { sql } = await withSink()
    await sql`insert into rowhook.dispatcher (id, host, pid, version, beat_at)
      values (gen_random_uuid(), 'far', 7, '0.1.0', now() - interval '1 minute')`
    expect(await complaints(sql, 'dispatchers')).toContain(
      'dispatchers: dispatcher far (pid 7) has been silent for 60 s',
    )
  })

  test('secrets that the key does not open', async () => {
    const { sql } = await withSink()
    const other = parseKeyRing(Buffer.alloc(32, 8).toString('base64'))
    const [endpoint] = await sql`select id from rowhook.endpoint`
    const ciphertext = encrypt(other, signingIdentity(endpoint!['id'] as string), 'whsec_x')
    await sql`update rowhook.endpoint set signing_secrets = ${sql.json([{ ciphertext, created_at: '2026-01-01', expires_at: null }])}`
    expect(await complaints(sql, 'secrets')).toEqual([
      expect.stringMatching(/^secrets: secrets of app cannot be read/),
    ])
  })

  test('an address that is not allowed', async () => {
    const { sql } = await withSink()
    const strict = createReach({ allowNetworks: parseNetworks('') })
    const { findings } = await examine({ sql, keyRing, reach: strict })
    expect(findings.find(({ check }) => check === 'endpoints')?.message).toContain('not public')
  })

  test('sessions that skip triggers', async () => {
    const { api, sql } = await withSink()
    await sql.unsafe(`alter database ${api.database.name} set session_replication_role = replica`)
    expect(await complaints(sql, 'triggers')).toEqual([
      `triggers: session_replication_role is replica for database ${api.database.name}: what its sessions write is not captured`,
    ])
  })
})

test('a check that fails is a finding, and keeps no other from running', async () => {
  const { sql } = await withSink()
  await sql`drop table rowhook.dispatcher cascade`
  const { findings } = await examine({ sql, keyRing, reach })
  expect(
    findings.filter(({ message }) => message.startsWith('could not be checked')).map(({ check }) => check),
  ).toEqual(['dispatchers'])
  expect(findings.map(({ check }) => check)).toContain('clock')
})

test('GET /api/doctor is the report', async () => {
  const { api } = await withSink()
  const { status, body } = await api.call('GET', '/api/doctor')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    status: 'problem',
    findings: expect.arrayContaining([expect.objectContaining({ check: 'clock', level: 'ok' })]),
  })
})
