// Pools of postgres.js from a database URL.
import postgres from 'postgres'
import { keepAnswersApart } from './answers.ts'
import { surviveLostTypes } from './lost-types.ts'
import { type OpenSocket, openSocket, socketSource } from './socket.ts'
import { surviveLostConnections } from './transactions.ts'
import { type DatabaseTarget, type SessionAttributes, parseDatabaseUrl } from './url.ts'

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
  return connectTo(parseDatabaseUrl(url), options)
}

/** A pool for a URL that was read already. */
export function connectTo(target: DatabaseTarget, options: ConnectOptions = {}): postgres.Sql {
  const timeoutSeconds = target.connectTimeoutSeconds ?? options.connect_timeout ?? 10
  const sockets = socketSource(() => openSuitable(target, timeoutSeconds * 1000))
  const given: Record<string, unknown> = {
    onnotice: () => {},
    ...options,
    ...address(target),
    prepare: (options.prepare ?? true) && !target.pooled,
    connect_timeout: timeoutSeconds,
    backoff: reconnectDelaySeconds,
    connection: { application_name: 'rowhook', ...target.startup, ...options.connection },
    // TLS and several hosts are the socket's business. Given explicitly, or PG… variables would count;
    // and postgres.js 3.4 takes a standby for writable, and fails the query that found out otherwise.
    socket: sockets.open,
    ssl: false,
    sslnegotiation: null,
    target_session_attrs: undefined,
  }
  surviveLostTypes()
  const sql = postgres(given)
  surviveLostConnections(sql)
  keepAnswersApart(sql)
  drops.set(sql, sockets.drop)
  const end = sql.end.bind(sql)
  sql.end = async (how) => {
    await end(how)
    sockets.close()
  }
  return sql
}

/**
 * How long a pool waits before it connects anew. postgres.js's own delay rises to 20 s, and a connection that was
 * ended by the server's word (an administrator, a shutdown) leaves that word behind in postgres.js 3.4: it fails the
 * first query of the next connection, and keeps the count of attempts from being set back. A pool whose connections
 * are ended now and then would end up waiting 20 s for each.
 */
function reconnectDelaySeconds(attempt: number): number {
  return (0.5 + Math.random() / 2) * Math.min(3 ** attempt / 100, 1)
}

/**
 * A socket to the first of the target's hosts that answers and is what `target_session_attrs` asks for.
 * @param timeoutMs for each host
 * @throws the error of the last host; DatabaseError when they answer and none will do
 */
export async function openSuitable(target: DatabaseTarget, timeoutMs: number): Promise<OpenSocket> {
  const { sessionAttributes, hosts } = target
  if (sessionAttributes === undefined || hosts.length === 0) return openSocket(target, timeoutMs)
  let why: unknown
  for (const host of hosts) {
    const one = { ...target, hosts: [host], sessionAttributes: undefined }
    try {
      if (await isSuitable(one, sessionAttributes)) return await openSocket(one, timeoutMs)
      why ??= Object.assign(new Error('no host is the one that is asked for'), { code: 'NO_SUITABLE_HOST' })
    } catch (error) {
      why = error
    }
  }
  throw why
}

async function isSuitable(one: DatabaseTarget, asked: SessionAttributes): Promise<boolean> {
  const sql = connectTo(one, { max: 1, prepare: false, fetch_types: false })
  try {
    const [row] = await sql`select pg_catalog.pg_is_in_recovery() as standby`
    return row!['standby'] === (asked === 'standby' || asked === 'read-only')
  } finally {
    await sql.end({ timeout: 5 })
  }
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
