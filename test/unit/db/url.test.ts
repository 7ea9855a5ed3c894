import { describe, expect, test } from 'vitest'
import { parseDatabaseUrl } from '../../../src/db/url.ts'

const unverified = { rejectUnauthorized: false }

describe('the URLs that hosts hand out', () => {
  test.each([
    [
      'Heroku: TLS is demanded by the server, not by the URL',
      'postgres://u4x:p9a@ec2-54-1-2-3.compute-1.amazonaws.com:5432/d7q',
      { user: 'u4x', password: 'p9a', database: 'd7q', tls: 'prefer', pooled: false },
    ],
    [
      'RDS',
      'postgresql://app:pw@shop.abc.eu-central-1.rds.amazonaws.com/shop?sslmode=require',
      { hosts: [{ host: 'shop.abc.eu-central-1.rds.amazonaws.com', port: 5432 }], tls: unverified },
    ],
    [
      'Supabase, transaction pooler',
      'postgres://postgres.ref:pw@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true',
      {
        user: 'postgres.ref',
        hosts: [{ host: 'aws-0-eu-central-1.pooler.supabase.com', port: 6543 }],
        pooled: true,
      },
    ],
    [
      'Neon',
      'postgresql://app:pw@ep-cool-1.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require&options=endpoint%3Dep-cool-1',
      { tls: unverified, startup: { options: 'endpoint=ep-cool-1' } },
    ],
    [
      'Render',
      'postgresql://app:pw@dpg-abc-a/shop',
      { hosts: [{ host: 'dpg-abc-a', port: 5432 }], database: 'shop' },
    ],
  ])('%s', (_, url, expected) => {
    expect(parseDatabaseUrl(url)).toMatchObject(expected)
  })
})

describe('other forms', () => {
  test.each([
    [
      'several hosts',
      'postgres://app@a:1,b,[::1]:3/shop',
      {
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 5432 },
          { host: '::1', port: 3 },
        ],
      },
    ],
    [
      'a Unix socket',
      'postgres://app@/shop?host=/run/postgresql&port=5433',
      { socketFolder: '/run/postgresql', socketPort: 5433, tls: false, database: 'shop' },
    ],
    ['a Unix socket as host', 'postgres://app@%2Frun%2Fpostgresql/shop', { socketFolder: '/run/postgresql' }],
    [
      'escaped characters',
      'postgres://a%40b:p%23w%2F%3F%25@host/my%20shop',
      { user: 'a@b', password: 'p#w/?%', database: 'my shop' },
    ],
    [
      'an @ and a : in the password',
      'postgres://app:p@ss:word@host/shop',
      { user: 'app', password: 'p@ss:word', hosts: [{ host: 'host', port: 5432 }] },
    ],
    ['nothing but a host', 'postgres://host', { user: undefined, password: undefined, database: undefined }],
    ['no host', 'postgres:///shop', { hosts: [{ host: 'localhost', port: 5432 }] }],
    [
      'role and password as parameters',
      'postgres://host/shop?user=app&password=pw',
      { user: 'app', password: 'pw' },
    ],
    ['sslmode=disable', 'postgres://host/shop?sslmode=disable', { tls: false }],
    [
      'sslmode=verify-full',
      'postgres://host/shop?sslmode=verify-full',
      { tls: { rejectUnauthorized: true } },
    ],
    ['the system as root', 'postgres://host/shop?sslrootcert=system', { tls: { rejectUnauthorized: true } }],
    [
      'a wish for a primary',
      'postgres://a,b/shop?target_session_attrs=read-write',
      { sessionAttributes: 'read-write' },
    ],
    ['a time limit', 'postgres://host/shop?connect_timeout=3', { connectTimeoutSeconds: 3 }],
  ])('%s', (_, url, expected) => {
    expect(parseDatabaseUrl(url)).toMatchObject(expected)
  })
})

test('what is wrong with a URL is said without the URL', () => {
  for (const url of [
    'postgres://app:hunter2@:x/shop',
    'postgres://app:hunter%zz@host',
    'hunter2',
    'postgres://a/b?sslmode=hunter2',
  ]) {
    expect(() => parseDatabaseUrl(url)).toThrow(/^DATABASE_URL (?!.*hunter)/)
  }
})

test("libpq's variables of TLS count where the URL is silent", () => {
  const env = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'system' }
  expect(parseDatabaseUrl('postgres://host/shop', env).tls).toEqual({ rejectUnauthorized: true })
  expect(parseDatabaseUrl('postgres://host/shop?sslmode=disable', env).tls).toBe(false)
  expect(parseDatabaseUrl('postgres://host/shop?sslmode=no-verify', env).tls).toEqual({
    rejectUnauthorized: false,
  })
  expect(() => parseDatabaseUrl('postgres://host/shop', { PGSSLMODE: 'always' })).toThrow(
    /^PGSSLMODE has an unknown value; give one of disable, /,
  )
})
