// The environment, read once at start into one checked object. Every variable, default and unit
// stands here. What a variable means is in docs/configuration.md.
//
// A bad value ends the start with a single line: the variable's name, what is wrong, what to do. The
// value itself is never echoed, because DATABASE_URL, the token and the key are secrets and the
// others are one typo away from holding one.
import * as v from 'valibot'
import { parseDatabaseUrl } from './db/url.ts'
import { type Networks, parseNetworks } from './deliver/networks.ts'
import { ConfigError } from './errors.ts'
import { type KeyRing, parseKeyRing } from './secret/ring.ts'

/** What `rowhook start` runs with. Durations are milliseconds. */
export interface Config {
  readonly databaseUrl: string
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** The root bearer token; undefined: only the tokens in the database count. */
  readonly adminToken: string | undefined
  /** Empty: no secret can be stored. */
  readonly keyRing: KeyRing
  /** Networks that webhooks may reach although they are private. */
  readonly allowNetworks: Networks
  readonly logLevel: LogLevel
  /** How long delivered changes are kept where no retention is set. */
  readonly minRetentionMs: number
  /** How long the log of HTTP requests is kept. */
  readonly deliveryLogRetentionMs: number
  /** Connections of the pool, besides the listener's and the job worker's; undefined: by the server's limit. */
  readonly poolSize: number | undefined
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** pino's levels. */
export type LogLevel = (typeof logLevels)[number]

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }
const durationForm = /^(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|m|min|h|d)$/

/** `90s`, `15 min`, `24h`, `3d` as milliseconds; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = durationForm.exec(text.trim().toLowerCase()) ?? []
  return amount === undefined ? undefined : Math.round(Number(amount) * unitMs[unit!]!)
}

const text = v.pipe(v.string(), v.trim())

const port = v.pipe(
  text,
  v.regex(/^\d{1,5}$/, 'is not a port; give a whole number from 0 (any free port) to 65535'),
  v.transform(Number),
  v.maxValue(65_535, 'is above 65535, the highest port; give a lower one'),
)

const poolSize = v.pipe(
  text,
  v.regex(/^\d{1,3}$/, 'is not a number of connections; give a whole number from 2 to 100'),
  v.transform(Number),
  v.minValue(2, 'is below 2; give a whole number from 2 to 100'),
  v.maxValue(100, 'is above 100; give a whole number from 2 to 100'),
)

const adminToken = v.pipe(
  text,
  v.regex(
    /^[\x21-\x7e]+$/,
    'holds spaces or non-ASCII characters, which no Authorization header can carry; make one with: openssl rand -hex 32',
  ),
)

const logLevel = v.pipe(
  text,
  v.toLowerCase(),
  v.picklist(logLevels, `is not a log level; give one of ${logLevels.join(', ')}`),
)

function duration(minimum: string) {
  return v.pipe(
    text,
    v.transform((given) => parseDuration(given) ?? Number.NaN),
    v.check(
      (ms) => !Number.isNaN(ms),
      'is not a duration; give a number and a unit (ms, s, min, h, d), such as 24h',
    ),
    v.check(
      (ms) => Number.isNaN(ms) || ms >= parseDuration(minimum)!,
      `is too short; give at least ${minimum}`,
    ),
  )
}

const environment = v.object({
  DATABASE_URL: v.optional(
    v.pipe(
      text,
      v.nonEmpty('is not set; give a Postgres URL such as postgres://user:password@host:5432/database'),
    ),
    '',
  ),
  ROWHOOK_HOST: v.optional(
    v.pipe(
      text,
      v.regex(
        /^[^\s/]+$/,
        'is not a host name or address; give one of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them',
      ),
    ),
    '127.0.0.1',
  ),
  ROWHOOK_PORT: v.optional(port, '7447'),
  ROWHOOK_ADMIN_TOKEN: v.optional(adminToken),
  ROWHOOK_ENCRYPTION_KEY: v.optional(text),
  ROWHOOK_ALLOW_NETWORKS: v.optional(text),
  ROWHOOK_LOG_LEVEL: v.optional(logLevel, 'info'),
  ROWHOOK_MIN_RETENTION: v.optional(duration('1min'), '24h'),
  ROWHOOK_DELIVERY_LOG_RETENTION: v.optional(duration('1min'), '3d'),
  ROWHOOK_POOL_SIZE: v.optional(poolSize),
})

/**
 * Checks the environment. An empty variable counts as one that is not set.
 * @throws ConfigError naming the first variable that is missing or wrong
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()))
  const result = v.safeParse(environment, given, { abortPipeEarly: true })
  if (!result.success) {
    const [issue] = result.issues
    throw new ConfigError(`${v.getDotPath(issue)} ${issue.message}`)
  }
  const values = result.output
  parseDatabaseUrl(values.DATABASE_URL)
  return {
    databaseUrl: values.DATABASE_URL,
    host: values.ROWHOOK_HOST,
    port: values.ROWHOOK_PORT,
    adminToken: values.ROWHOOK_ADMIN_TOKEN,
    keyRing: parseKeyRing(values.ROWHOOK_ENCRYPTION_KEY),
    allowNetworks: parseNetworks(values.ROWHOOK_ALLOW_NETWORKS),
    logLevel: values.ROWHOOK_LOG_LEVEL,
    minRetentionMs: values.ROWHOOK_MIN_RETENTION,
    deliveryLogRetentionMs: values.ROWHOOK_DELIVERY_LOG_RETENTION,
    poolSize: values.ROWHOOK_POOL_SIZE,
  }
}
