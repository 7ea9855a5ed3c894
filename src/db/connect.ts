// Pools of postgres.js from a database URL.
import postgres from 'postgres'
import { socketSource } from './socket.ts'
import { surviveLostConnections } from './transactions.ts'
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
  const timeoutSeconds = target.connectTimeoutSeconds ?? options.connect_timeout ?? 10
  const sockets = socketSource(target, timeoutSeconds * 1000)
  const given: Record<string, unknown> = {
    onnotice: () => {},
    ...options,
    ...address(target),
    prepare: (options.prepare ?? true) && !target.pooled,
    connect_timeout: timeoutSeconds,
    connection: { application_name: 'rowhook', ...target.startup, ...options.connection },
    // TLS and several hosts are the socket's business. Given explicitly, or PG… variables would count.
    socket: sockets.open,
    ssl: false,
    sslnegotiation: null,
    target_session_attrs: target.sessionAttributes,
  }
  const sql = postgres(given)
  surviveLostConnections(sql)
  drops.set(sql, sockets.drop)
  const end = sql.end.bind(sql)
  sql.end = async (how) => {
    await end(how)
    sockets.close()
  }
  return sql
}

const drops = new WeakMap<postgres.Sql, () => void>()

/**
 * Closes a pool's connections; queries under way reject, later ones open new connections. For a server
 * that is silent: TCP alone may take a quarter of an hour to notice that nobody is there any more.
 */
export function dropConnections(sql: postgres.Sql): void {
  drops.get(sql)?.()
}

/** Only for the texts of postgres.js's own errors, save for role, password and database. */
function address({ hosts, socketFolder, user, password, database }: DatabaseTarget): Record<string, unknown> {
  return {
    host: [hosts[0]?.host ?? socketFolder],
    port: [hosts[0]?.port ?? 0],
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
  }
}
