import { describe, expect, it } from 'vitest'
import { parseDuration, readConfig } from '../../src/config.ts'
import { ConfigError } from '../../src/errors.ts'

const minimal = { DATABASE_URL: 'postgres://user:hunter2@db.example.com/shop' }

function problem(env: Record<string, string>): string {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return `${error.message} ${error.hint ?? ''}`
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('the environment', () => {
  it('has the documented defaults', () => {
    expect(readConfig(minimal)).toEqual({
      databaseUrl: minimal.DATABASE_URL,
      host: '127.0.0.1',
      port: 7447,
      adminToken: undefined,
      keyRing: [],
      allowNetworks: [],
      logLevel: 'info',
      minRetentionMs: 24 * 3_600_000,
      deliveryLogRetentionMs: 3 * 24 * 3_600_000,
      poolSize: undefined,
    })
  })

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ ...minimal, ROWHOOK_PORT: '', ROWHOOK_ADMIN_TOKEN: ' ' })).toMatchObject({
      port: 7447,
      adminToken: undefined,
    })
  })

  it('reads every variable', () => {
    const config = readConfig({
      ...minimal,
      ROWHOOK_HOST: '0.0.0.0',
      ROWHOOK_PORT: '0',
      ROWHOOK_ADMIN_TOKEN: 'secret-token',
      ROWHOOK_ENCRYPTION_KEY: `${Buffer.alloc(32, 1).toString('base64')}, ${Buffer.alloc(32, 2).toString('base64')}`,
      ROWHOOK_ALLOW_NETWORKS: '127.0.0.0/8,10.0.0.0/8',
      ROWHOOK_LOG_LEVEL: 'DEBUG',
      ROWHOOK_MIN_RETENTION: '2h',
      ROWHOOK_DELIVERY_LOG_RETENTION: '1d',
    })
    expect(config).toMatchObject({ host: '0.0.0.0', port: 0, adminToken: 'secret-token', logLevel: 'debug' })
    expect(config.keyRing).toHaveLength(2)
    expect(config.allowNetworks).toHaveLength(2)
    expect([config.minRetentionMs, config.deliveryLogRetentionMs]).toEqual([7_200_000, 86_400_000])
  })

  it('ends in one line that names DATABASE_URL when it is missing', () => {
    expect(problem({})).toMatch(/^DATABASE_URL is not set; give a Postgres URL such as postgres:/)
  })

  it.each([
    ['DATABASE_URL', 'mysql://user:hunter2@host/db'],
    ['ROWHOOK_HOST', 'two words'],
    ['ROWHOOK_PORT', 'http'],
    ['ROWHOOK_PORT', '65536'],
    ['ROWHOOK_PORT', '-1'],
    ['ROWHOOK_ADMIN_TOKEN', 'hunter2 with spaces'],
    ['ROWHOOK_ENCRYPTION_KEY', 'hunter2'],
    ['ROWHOOK_ENCRYPTION_KEY', Buffer.from('hunter2').toString('base64')],
    ['ROWHOOK_ALLOW_NETWORKS', '127.0.0.0/33'],
    ['ROWHOOK_LOG_LEVEL', 'loud'],
    ['ROWHOOK_POOL_SIZE', '1'],
    ['ROWHOOK_MIN_RETENTION', 'a day'],
    ['ROWHOOK_MIN_RETENTION', '1s'],
  ])('says in one line what is wrong with %s=%s and what to do, without its value', (name, value) => {
    const line = problem({ ...minimal, [name]: value })
    expect(line.startsWith(name)).toBe(true)
    expect(line).toMatch(/it looks like|give |choose |make one with|write networks/i)
    expect(line).not.toContain('\n')
    expect(line).not.toMatch(/hunter2|aHVudGVyMg/)
  })
})

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['15 min', 900_000],
    ['1.5h', 5_400_000],
    ['3d', 259_200_000],
  ])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', '5', 'h', '-1h', '1 month', '1h 5min', '1e3s'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})
