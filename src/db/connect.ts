// Pools of postgres.js from a database URL.
import postgres from 'postgres'
import { type DatabaseTarget, parseDatabaseUrl } from './url.ts'

/** postgres.js's own options, save those that the URL decides. */
export type ConnectOptions = Omit<
  postgres.Options<Record<string, postgres.PostgresType>>,
  'host' | 'port' | 'path' | 'user' | 'username' | 'password' | 'pass' | 'database' | 'db' | 'ssl'
>

/**
 * A pool for the URL; connections open with the first query. Notices of the server are dropped
 * unless `onnotice` is given: postgres.js would print them to standard output.
 * @throws ConfigError when the URL is not one (see `parseDatabaseUrl`)
 */
export function connect(url: string, options: ConnectOptions = {}): postgres.Sql {
  const target = parseDatabaseUrl(url)
  const given: Record<string, unknown> = {
    onnotice: () => {},
    connect_timeout: target.connectTimeoutSeconds ?? 10,
    prepare: !target.pooled,
    ...options,
    ...address(target),
    // Given explicitly, or postgres.js takes it from PGSSL….
    ssl: target.tls,
    sslnegotiation: null,
    connection: { application_name: 'rowhook', ...target.startup, ...options.connection },
  }
  return postgres(given)
}

function address(target: DatabaseTarget): Record<string, unknown> {
  const { hosts, socketFolder, user, password, database } = target
  const place =
    socketFolder === undefined
      ? // Lists even for one host: postgres.js splits a text at colons, which breaks IPv6 addresses.
        { host: hosts.map(({ host }) => host), port: hosts.map(({ port }) => port) }
      : { path: `${socketFolder}/.s.PGSQL.${target.socketPort}` }
  return {
    ...place,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
  }
}
