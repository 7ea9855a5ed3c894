// The database URL as node-postgres reads it, for Graphile Worker, which brings that client. The two
// read URLs differently: node-postgres takes `sslmode=require` for verify-full, knows no `prefer`
// (without an sslmode it never uses TLS, which Heroku refuses), no second host and no sslrootcert=system.
import { TLSSocket } from 'node:tls'
import { openSuitable } from './connect.ts'
import { type DatabaseTarget, parseDatabaseUrl } from './url.ts'

/**
 * Connects once, to learn which host answers and whether it speaks TLS, and returns a URL that leads
 * there under the same TLS rules.
 * @throws ConfigError when the URL is not one; else what connecting throws
 */
export async function workerUrl(url: string): Promise<string> {
  const target = parseDatabaseUrl(url)
  const { socket, host, port } = await openSuitable(target, (target.connectTimeoutSeconds ?? 10) * 1000)
  const secure = socket instanceof TLSSocket
  socket.destroy()
  const parameters = new URLSearchParams({ ...target.startup, ...tlsParameters(target, secure) })
  const credentials = [target.user, target.password]
    .filter((part) => part !== undefined)
    .map(encodeURIComponent)
  const place = target.socketFolder === undefined ? hostAndPort(host, port) : ''
  if (target.socketFolder !== undefined) {
    parameters.set('host', host)
    parameters.set('port', String(port))
  }
  const path = target.database === undefined ? '' : `/${encodeURIComponent(target.database)}`
  return `postgres://${credentials.join(':')}${credentials.length > 0 ? '@' : ''}${place}${path}?${parameters.toString()}`
}

function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function tlsParameters({ tls, tlsFiles: files }: DatabaseTarget, secure: boolean): Record<string, string> {
  if (!secure || tls === false) return { sslmode: 'disable', uselibpqcompat: 'true' }
  const mode = tls === 'prefer' || tls.rejectUnauthorized === false ? 'require' : 'verify-full'
  const isChainOnly =
    tls !== 'prefer' && tls.checkServerIdentity !== undefined && files.sslrootcert !== undefined
  return { sslmode: isChainOnly ? 'verify-ca' : mode, uselibpqcompat: 'true', ...files }
}
