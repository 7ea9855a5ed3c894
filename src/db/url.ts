// What a database URL means: hosts, role, database, TLS. postgres.js reads URLs too, but it sends
// every parameter that it does not know to the server, which refuses it (`channel_binding=require`
// of Neon, `pgbouncer=true` of Supabase), and it knows neither `no-verify` nor `sslrootcert`. So the
// URL is read here, once, for every client that we use. Opens no connection.
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { ConfigError } from '../errors.ts'

/** Where and how to connect. Fields that the URL does not give are undefined: clients ask PG… variables. */
export interface DatabaseTarget {
  hosts: { host: string; port: number }[]
  /** The folder of a Unix socket instead of a host. */
  socketFolder: string | undefined
  socketPort: number
  user: string | undefined
  password: string | undefined
  database: string | undefined
  /** `prefer`: TLS if the server has it, unverified, as libpq's default does. */
  tls: false | 'prefer' | ConnectionOptions
  /** The files of certificates and keys, by libpq's names: sslrootcert, sslcert, sslkey. */
  tlsFiles: Record<string, string>
  /** Parameters for the start of a session, such as Neon's `options=endpoint%3D…`. */
  startup: Record<string, string>
  /** A transaction pooler stands between: no prepared statements. */
  pooled: boolean
  connectTimeoutSeconds: number | undefined
  /** Which of several hosts will do (`target_session_attrs`); undefined: any. */
  sessionAttributes: SessionAttributes | undefined
}

const sessionAttributes = ['read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const

/** The values of `target_session_attrs`, save `any`. */
export type SessionAttributes = (typeof sessionAttributes)[number]

const form = 'it looks like postgres://user:password@host:5432/database'

/**
 * Reads a `postgres://` URL in the forms that libpq, Heroku, RDS, Supabase, Neon and Render use.
 * @param env libpq's PGSSL… variables count where the URL is silent
 * @throws ConfigError that says what is wrong and never quotes the URL, which holds a password
 */
export function parseDatabaseUrl(
  text: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): DatabaseTarget {
  const [, authority, path, query] =
    /^postgres(?:ql)?:\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/i.exec(text.trim()) ?? []
  if (authority === undefined) throw new ConfigError(`DATABASE_URL is not a Postgres URL; ${form}`)
  const at = authority.lastIndexOf('@')
  const [user, ...password] = at < 0 ? [] : authority.slice(0, at).split(':')
  const parameters = new URLSearchParams(query ?? '')
  completeTls(parameters, env)
  const hosts = (authority.slice(at + 1) || parameters.get('host') || 'localhost').split(',')
  const socketFolder = hosts.map(decode).find((host) => host.startsWith('/'))
  const fallbackPort = portOf(parameters.get('port') ?? '5432')
  const target = {
    hosts: socketFolder === undefined ? hosts.map((host) => hostAndPort(host, fallbackPort)) : [],
    socketFolder,
    socketPort: fallbackPort,
    user: decode(user ?? '') || parameters.get('user') || undefined,
    password: decode(password.join(':')) || parameters.get('password') || undefined,
    database: decode(path ?? '') || parameters.get('dbname') || undefined,
  }
  const timeout = Number(parameters.get('connect_timeout'))
  return {
    ...target,
    tls: socketFolder === undefined ? tlsOf(parameters) : false,
    tlsFiles: tlsFilesOf(parameters),
    startup: startupOf(parameters),
    pooled: ['true', '1'].includes(parameters.get('pgbouncer') ?? ''),
    connectTimeoutSeconds: timeout > 0 ? timeout : undefined,
    sessionAttributes: sessionAttributesOf(parameters),
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ConfigError(
      'DATABASE_URL holds a % that begins no escape; in a password, write % as %25, @ as %40, / as %2F, # as %23',
    )
  }
}

function hostAndPort(text: string, fallback: number): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(.*))?$/.exec(text) ?? []
  const host = bracketed ?? decode(plain ?? '')
  if (host === '') {
    throw new ConfigError(
      `DATABASE_URL names no host; ${form} (in a password, write @ as %40, / as %2F, # as %23)`,
    )
  }
  return { host, port: port ? portOf(port) : fallback }
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port
  throw new ConfigError(
    `DATABASE_URL has a port that is no number from 1 to 65535; ${form} (in a password, write / as %2F, # as %23, ? as %3F)`,
  )
}

const tlsVariables = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
} as const

function completeTls(parameters: URLSearchParams, env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, variable] of Object.entries(tlsVariables)) {
    const value = env[variable]
    const said = parameters.has(name) || (name === 'sslmode' && parameters.has('ssl'))
    if (!value || said) continue
    if (name === 'sslmode' && !sslModes.includes(value))
      throw new ConfigError(`PGSSLMODE has an unknown value; give one of ${sslModes.join(', ')}`)
    parameters.set(name, value)
  }
}

function tlsFilesOf(parameters: URLSearchParams): Record<string, string> {
  const files: Record<string, string> = {}
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) {
    const file = parameters.get(name)
    if (file && file !== 'system') files[name] = file
  }
  return files
}

const sslModes = ['disable', 'allow', 'prefer', 'require', 'no-verify', 'verify-ca', 'verify-full']

function tlsOf(parameters: URLSearchParams): DatabaseTarget['tls'] {
  const mode = sslMode(parameters)
  if (mode === 'disable') return false
  if (mode === 'allow' || mode === 'prefer') return 'prefer'
  const root = parameters.get('sslrootcert')
  const options: ConnectionOptions = {
    ...(root && root !== 'system' ? { ca: pem('sslrootcert', root) } : {}),
    ...fileOption(parameters, 'sslcert', 'cert'),
    ...fileOption(parameters, 'sslkey', 'key'),
  }
  if (mode === 'verify-full') return { ...options, rejectUnauthorized: true }
  // libpq: `require` with a root certificate means verify-ca.
  if (mode === 'verify-ca' || (mode === 'require' && root)) {
    return { ...options, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  }
  return { ...options, rejectUnauthorized: false }
}

function sslMode(parameters: URLSearchParams): string {
  const fallback = parameters.get('sslrootcert') === 'system' ? 'verify-full' : 'prefer'
  const given = parameters.get('sslmode') ?? parameters.get('ssl') ?? fallback
  const mode = { true: 'require', '1': 'require', false: 'disable', '0': 'disable' }[given] ?? given
  if (sslModes.includes(mode)) return mode
  throw new ConfigError(`DATABASE_URL has an unknown sslmode; give one of ${sslModes.join(', ')}`)
}

function sessionAttributesOf(parameters: URLSearchParams): SessionAttributes | undefined {
  const given = parameters.get('target_session_attrs') ?? 'any'
  if (given === 'any') return undefined
  const known = sessionAttributes.find((value) => value === given)
  if (known !== undefined) return known
  throw new ConfigError(
    `DATABASE_URL has an unknown target_session_attrs; give any or one of ${sessionAttributes.join(', ')}`,
  )
}

function fileOption(parameters: URLSearchParams, name: string, option: 'cert' | 'key'): ConnectionOptions {
  const file = parameters.get(name)
  return file ? { [option]: pem(name, file) } : {}
}

function pem(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError(
      `DATABASE_URL (or PG${name.toUpperCase()}) names a file in ${name} that cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
      { cause },
    )
  }
}

function startupOf(parameters: URLSearchParams): Record<string, string> {
  const startup: Record<string, string> = {}
  for (const name of ['options', 'application_name']) {
    const value = parameters.get(name)
    if (value) startup[name] = value
  }
  return startup
}
