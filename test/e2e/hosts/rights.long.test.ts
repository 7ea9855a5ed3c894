// The main path as hosts allow it: a role without superuser, replication, extension and event-trigger
// rights, in a database that somebody else owns, over TLS that is checked against a CA of the host's own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import type { PostgresServer } from '../../../src/embedded/postgres.ts'
import { atEnd } from '../../support/at-end.ts'
import { createAuthority } from '../../support/certificates.ts'
import { installSql, rowhook } from '../../support/command.ts'
import { ask } from '../../support/delivery.ts'
import { receiver } from '../../support/receiver.ts'
import { adminToken, encryptionKey, startRowhook } from '../../support/rowhook-process.ts'
import { ownServer } from '../../support/server.ts'

let server: PostgresServer
let rootFile: string

beforeAll(async () => {
  const authority = createAuthority('a host of its own')
  server = await ownServer({
    auth: 'scram',
    tls: authority.issue('database', { hosts: ['127.0.0.1', 'localhost'] }),
  })
  const folder = mkdtempSync(join(tmpdir(), 'rowhook-hosts-'))
  atEnd(() => rmSync(folder, { recursive: true }))
  rootFile = join(folder, 'root.pem')
  writeFileSync(rootFile, authority.certificate)
})

let count = 0

/** A database of somebody else's with one table, and a role that may do what docs/hosts.md says it needs. */
async function hostedDatabase(grants: (name: string, role: string) => string) {
  const name = `shop_${(count += 1)}`
  const [role, owner] = [`app_${count}`, `owner_${count}`]
  const admin = connect(server.url, { max: 1 })
  await admin.unsafe(`create role ${owner}`)
  await admin.unsafe(`create role ${role} login password 'pä/ss@%'`)
  await admin.unsafe(`create database ${name} owner ${owner}`)
  const inside = connect(server.url.replace(/\/postgres$/, `/${name}`), { max: 1 })
  await inside.unsafe(`set role ${owner};
    create table public.orders (id int primary key, status text, total numeric); ${grants(name, role)}`)
  atEnd(async () => {
    await inside.end()
    await admin.end()
  })
  const place = `${role}:${encodeURIComponent('pä/ss@%')}@localhost:${server.port}/${name}`
  return { url: `postgres://${place}`, owner: inside, admin, role }
}

const everyGrant = (name: string, role: string) =>
  `grant create on database ${name} to ${role};
   grant trigger, select on table public.orders to ${role}`

describe('the URL forms of hosts, as a role with the documented grants alone', () => {
  test.each([
    ['self-hosted with a CA of its own', () => `?sslmode=verify-full&sslrootcert=${rootFile}`, {}],
    ['the CA in NODE_EXTRA_CA_CERTS', () => '?sslmode=verify-full', { NODE_EXTRA_CA_CERTS: 'ROOT' }],
    ['mode and CA in PG… variables', () => '', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'ROOT' }],
    ['Heroku, which says nothing of TLS', () => '', {}],
    [
      'RDS, Render, Azure, and what Neon, Supabase and Prisma add',
      () => '?sslmode=require&channel_binding=require&connect_timeout=15&connection_limit=5&schema=public',
      {},
    ],
  ] as [string, () => string, Record<string, string>][])('%s', async (_, query, variables) => {
    const { url, owner, admin, role } = await hostedDatabase(everyGrant)
    const env = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, value.replace('ROOT', rootFile)]),
    )
    const databaseUrl = url + query()
    expect(await installSql([], { DATABASE_URL: databaseUrl, ...env })).toMatchObject({ code: 0 })
    const process = await startRowhook({ url: databaseUrl, env })
    const to = await receiver()
    await ask(process, 'POST', '/api/endpoints', { name: 'app', url: to.url })
    await ask(process, 'POST', '/api/sinks', {
      name: 'orders',
      endpoint: 'app',
      tables: [{ name: 'orders' }],
    })
    await owner`insert into orders values (1, 'new', 10.50)`
    const [message] = await to.waitFor(1)
    expect(message).toMatchObject({ action: 'insert', record: { id: 1, status: 'new' } })
    const encrypted = await admin`
      select distinct s.ssl from pg_stat_ssl s join pg_stat_activity a using (pid)
      where a.usename = ${role}`
    expect(encrypted).toEqual([{ ssl: true }])
    const doctor = await rowhook(['doctor', '--json'], {
      DATABASE_URL: databaseUrl,
      ROWHOOK_ENCRYPTION_KEY: encryptionKey,
      ROWHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
      ROWHOOK_ADMIN_TOKEN: adminToken,
      ...env,
    })
    const problems = JSON.parse(doctor.stdout).findings.filter((f: any) => f.level === 'problem')
    expect(problems).toEqual([])
    await process.kill('SIGTERM')
  })

  test('a certificate that nobody vouched for is refused where it is to be checked', async () => {
    const { url } = await hostedDatabase(everyGrant)
    const refused = await installSql([], { DATABASE_URL: `${url}?sslmode=verify-full` })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/not trusted .*sslrootcert=/) })
    const elsewhere = url.replace('localhost', '127.0.0.2')
    const other = await installSql([], {
      DATABASE_URL: `${elsewhere}?sslmode=verify-full&sslrootcert=${rootFile}`,
    })
    expect(other.code).toBe(1)
  })
})

describe('a grant that is missing is named, with the statement to run', () => {
  test('the right to make a schema', async () => {
    const { url } = await hostedDatabase(() => '')
    const { code, stderr } = await installSql([], { DATABASE_URL: url })
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/grant create on database/),
    })
  })

  test('the rights on a table of somebody else', async () => {
    const { url } = await hostedDatabase((name, role) => `grant create on database ${name} to ${role}`)
    await installSql([], { DATABASE_URL: url })
    const process = await startRowhook({ url })
    await ask(process, 'POST', '/api/endpoints', { name: 'app', url: 'http://127.0.0.1:9' })
    const answer = await process.api('POST', '/api/sinks', {
      name: 'orders',
      endpoint: 'app',
      tables: [{ name: 'orders' }],
    })
    expect(answer.status).toBeLessThan(500)
    expect(JSON.stringify(answer.body)).toMatch(/grant trigger/i)
    await process.kill('SIGTERM')
  })
})
