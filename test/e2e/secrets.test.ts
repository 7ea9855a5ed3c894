// Secrets are planted wherever the product takes one, everything is used and made to fail, and then all
// that it printed, answered and stored is searched for them.
import { randomBytes } from 'node:crypto'
import type postgres from 'postgres'
import { expect, test } from 'vitest'
import { createAuthority } from '../support/certificates.ts'
import { rowhook } from '../support/command.ts'
import { createDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { createItems, insertItems } from '../support/items.ts'
import { receiver } from '../support/receiver.ts'
import { startRowhook } from '../support/rowhook-process.ts'

const plant = (what: string) => `planted-${what}-${randomBytes(12).toString('hex')}`

const authority = createAuthority('ours')
const client = authority.issue('rowhook')
const planted = {
  rootToken: plant('root'),
  wrongToken: plant('wrong'),
  password: plant('password'),
  wrongPassword: plant('mistyped'),
  header: plant('header'),
  otherHeader: plant('other'),
  badHeader: plant('bad'),
  signingSecret: randomBytes(32).toString('base64'),
  badSigningSecret: plant('signing'),
  encryptionKey: randomBytes(32).toString('base64'),
  clientKey: client.key.split('\n')[1]!,
  unknownField: plant('field'),
}

/** Every row of every table of ours, as text. */
async function everythingStored(sql: postgres.Sql): Promise<string> {
  const tables = await sql<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c
    where c.relnamespace in ('rowhook'::regnamespace, 'rowhook_worker'::regnamespace) and c.relkind = 'r'`
  const texts: string[] = []
  for (const { name } of tables) {
    const rows = await sql.unsafe(`select t::text as row from ${name} t`)
    texts.push(...rows.map((row) => `${name}: ${String(row['row'])}`))
  }
  return texts.join('\n')
}

test('no secret is printed, answered, logged or stored as it is, whatever is done and whatever fails', async () => {
  const database = await createDatabase()
  const { sql } = database
  const url = database.url.replace('postgres@', `postgres:${planted.password}@`)
  const env = {
    ROWHOOK_ADMIN_TOKEN: planted.rootToken,
    ROWHOOK_ENCRYPTION_KEY: planted.encryptionKey,
    ROWHOOK_LOG_LEVEL: 'trace',
    ROWHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
  }
  const process = await startRowhook({ url, env })
  const shown: string[] = []
  const call = async (method: string, path: string, body?: unknown, token = planted.rootToken) => {
    const answer = await process.api(method, path, body, { authorization: `Bearer ${token}` })
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
    shown.push(`${method} ${path} → ${answer.status}: ${text} ${JSON.stringify([...answer.headers])}`)
    return answer
  }
  const page = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(process.url + path, { redirect: 'manual', ...init })
    shown.push(`${path} → ${response.status}: ${await response.text()}`)
    return response
  }

  // a receiver that tells everything back that it was told, and fails
  const echo = await receiver({
    respond: ({ headers }, index) => ({ status: index % 3 === 0 ? 200 : 500, body: JSON.stringify(headers) }),
  })
  const secrets = {
    encrypted_headers: { authorization: `Bearer ${planted.header}`, 'x-api': planted.otherHeader },
    signing_secret: `whsec_${planted.signingSecret}`,
    client_certificate: client.certificate,
    client_key: client.key,
  }
  const endpoints = {
    echo: echo.url,
    closed: 'http://127.0.0.1:9/hook',
    'no-tls': echo.url.replace('http:', 'https:'),
    refused: 'http://localhost.localdomain:1/x',
  }
  const tables: Record<string, string> = {}
  for (const [name, to] of Object.entries(endpoints)) {
    expect((await call('POST', '/api/endpoints', { name, url: to, ...secrets })).status).toBe(201)
    tables[name] = await createItems(sql)
    const sink = {
      name,
      endpoint: name,
      tables: [{ name: tables[name] }],
      max_retry_count: 0,
      alert_endpoint: 'echo',
    }
    expect((await call('POST', '/api/sinks', sink)).status).toBe(201)
    await insertItems(sql, tables[name], 1, 8)
  }

  // what is wrong is said without what was given
  for (const wrong of [
    { name: 'a', url: 'ftp://x', ...secrets },
    { name: 'b', url: echo.url, encrypted_headers: { 'bad name': planted.badHeader } },
    { name: 'c', url: echo.url, encrypted_headers: { 'x-bad': `${planted.badHeader}\n` } },
    { name: 'd', url: echo.url, encrypted_headers: planted.badHeader },
    { name: 'e', url: echo.url, signing_secret: `whsec_${planted.badSigningSecret}` },
    { name: 'f', url: echo.url, client_key: `-----BEGIN X-----\n${planted.clientKey}` },
    { name: 'g', url: `http://user:${planted.badHeader}@example.com/` },
    { name: 'h', url: echo.url, authorization: planted.unknownField },
    { name: 'echo', url: echo.url, ...secrets },
    `{"encrypted_headers": {"x": "${planted.unknownField}" `,
  ]) {
    expect((await call('POST', '/api/endpoints', wrong)).status).toBeGreaterThanOrEqual(400)
  }
  await call('GET', '/api/sinks', undefined, planted.wrongToken)
  const { body: token } = await process.api(
    'POST',
    '/api/tokens',
    { name: 't', scopes: ['admin'] },
    {
      authorization: `Bearer ${planted.rootToken}`,
    },
  )
  await call('GET', '/api/tokens', undefined, token.token)
  await call('PATCH', '/api/endpoints/echo', { encrypted_headers: { 'x-api': planted.otherHeader } })
  const rotated = await process.api(
    'POST',
    '/api/endpoints/echo/rotate-secret',
    {},
    {
      authorization: `Bearer ${planted.rootToken}`,
    },
  )
  const all: Record<string, string> = {
    ...planted,
    madeToken: token.token,
    rotatedSecret: rotated.body.signing_secret,
  }
  await call('POST', '/api/endpoints/echo/test', {})
  await call('POST', '/api/endpoints/closed/test', {})
  await call('POST', '/api/sinks/echo/backfills', { tables: [{ name: tables['echo'] }] })
  await call('POST', '/api/sinks/echo/replays', { since: new Date(Date.now() - 3_600_000).toISOString() })
  await call('POST', '/api/config/plan', { endpoints: [{ name: 'echo', url: echo.url, ...secrets }] })
  await call('POST', '/api/config/apply', { endpoints: [{ name: 'x', url: echo.url, ...secrets }] })
  await eventually(
    async () => {
      const { body } = await call('GET', '/api/sinks/closed')
      expect(body.discarded).toBe(8)
    },
    { timeoutMs: 60_000, everyMs: 300 },
  )
  await call('POST', '/api/sinks/closed/messages/redeliver', { state: 'discarded' })
  for (const path of [
    '/api/endpoints',
    '/api/endpoints/echo',
    '/api/sinks/echo/messages',
    '/api/sinks/echo/deliveries',
    '/api/sinks/no-tls/deliveries',
    '/api/sinks/refused/deliveries',
    '/api/config/export',
    '/api/audit',
    '/api/doctor',
    '/openapi.json',
    '/metrics',
    '/readyz',
  ]) {
    await call('GET', path)
  }
  const origin = new URL(process.url).origin
  const signIn = (text: string) =>
    page('/sign-in', { method: 'POST', body: new URLSearchParams({ token: text }), headers: { origin } })
  await signIn(planted.wrongToken)
  const cookie = (await signIn(planted.rootToken)).headers.get('set-cookie')?.split(';')[0] ?? ''
  expect(cookie).toMatch(/^rowhook_session=/)
  shown.push(cookie)
  for (const path of ['/sinks', '/sinks/echo', '/endpoints', '/endpoints/echo', '/tokens', '/activity']) {
    await page(path, { headers: { cookie } })
  }

  const http = { ROWHOOK_URL: process.url, ROWHOOK_TOKEN: planted.rootToken }
  const unreachable = url.replace(/:\d+\//, ':9/').replace(planted.password, planted.wrongPassword)
  for (const [args, commandEnv] of [
    [['endpoints', '--json'], http],
    [['endpoints', 'get', 'echo'], http],
    [['deliveries', 'echo'], http],
    [['export'], http],
    [['doctor'], { ...env, DATABASE_URL: url }],
    [['sinks'], { ...http, ROWHOOK_TOKEN: planted.wrongToken }],
    [['sinks'], { ...env, DATABASE_URL: unreachable }],
    [['start'], { ...env, DATABASE_URL: unreachable }],
    [['start'], { ...env, ROWHOOK_ENCRYPTION_KEY: planted.badHeader, DATABASE_URL: url }],
  ] as [string[], Record<string, string>][]) {
    const { stdout, stderr } = await rowhook(args, commandEnv)
    shown.push(`rowhook ${args.join(' ')}:\n${stdout}\n${stderr}`)
  }
  await process.kill('SIGTERM')
  shown.push(process.logs.map((line) => JSON.stringify(line)).join('\n'), process.output.join('\n'))
  shown.push(await everythingStored(sql))

  const found = shown.flatMap((text) =>
    Object.entries(all).flatMap(([what, secret]) =>
      [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')].flatMap((spelling) => {
        const at = text.indexOf(spelling)
        return at < 0 ? [] : [`${what} in …${text.slice(Math.max(0, at - 200), at)}<HERE>`]
      }),
    ),
  )
  expect(found).toEqual([])
  // and the search does find what it is to find
  expect(echo.requests.some(({ headers }) => headers['authorization'] === `Bearer ${planted.header}`)).toBe(
    true,
  )
  expect(shown.join('\n')).toContain('***')
}, 180_000)
