// Sending through an HTTP proxy that the environment names, by the conventions of curl: an http URL is
// asked of the proxy in absolute form, an https URL goes through a CONNECT tunnel with TLS inside.
//
// The proxy resolves names and connects, so it also has to refuse private addresses; rowhook then only
// judges literal ones (docs/security.md says so). The proxy itself may be anywhere: the operator chose it.

import { Client, buildConnector } from 'undici'
import { ConfigError } from '../errors.ts'
import type { Dial } from './connect.ts'
import { tlsOptions } from './tls.ts'
import type { TlsOptions } from './tls.ts'

/** Which proxies to use; each is the URL of an http or https proxy, perhaps with a user and password. */
export interface ProxySettings {
  httpProxy?: URL | undefined
  httpsProxy?: URL | undefined
  /** Hosts to reach without a proxy: `example.com` also means its subdomains, `*` means all. */
  noProxy?: readonly string[] | undefined
}

/** A proxy that could not be reached or that refused; never the receiver's fault. */
export class ProxyError extends Error {
  readonly code = 'proxy'
}

/**
 * Reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY; names in lower case come first, as in curl.
 * @throws ConfigError that names the variable; the value may hold a password and is not echoed.
 */
export function readProxySettings(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  return {
    httpProxy: proxyUrl(env, 'HTTP_PROXY'),
    httpsProxy: proxyUrl(env, 'HTTPS_PROXY'),
    noProxy: (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[\s,]+/).filter((entry) => entry !== ''),
  }
}

/** The proxy that requests to `target` go through; undefined: none. */
export function proxyFor(settings: ProxySettings, target: URL): URL | undefined {
  const proxy = target.protocol === 'https:' ? settings.httpsProxy : settings.httpProxy
  if (proxy === undefined) return undefined
  return (settings.noProxy ?? []).some((entry) => matches(entry, target)) ? undefined : proxy
}

/** The header that signs on at a proxy whose URL holds a user, as a flat list; else empty. */
export function proxyAuthorization(proxy: URL): string[] {
  if (proxy.username === '') return []
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return ['proxy-authorization', `Basic ${Buffer.from(credentials).toString('base64')}`]
}

/** A dial to the proxy itself, for requests in absolute form. */
export function proxyConnector(proxy: URL): Dial {
  const connect = buildConnector({ allowH2: false, timeout: 0 })
  return (options, callback, progress) => {
    progress('connect')
    const socket = connect(options, (...result) => {
      if (result[0] !== null) return callback(unreachable(proxy, result[0]), null)
      callback(...result)
    }) as unknown as { destroy(): void }
    return () => socket.destroy()
  }
}

/** A dial to the receiver through a CONNECT tunnel, with TLS to the receiver inside. */
export function tunnelConnector(proxy: URL, tls: TlsOptions | null | undefined): Dial {
  const secure = buildConnector({ ...tlsOptions(tls), allowH2: false, timeout: 0 })
  return (options, callback, progress) => {
    // A client of its own for each tunnel: a proxy connection that became a tunnel serves nothing else.
    const client = new Client(proxy.origin, { headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 0 } })
    let socket: { destroy(): void } | undefined
    const authority = `${options.hostname.includes(':') ? `[${options.hostname}]` : options.hostname}:${options.port || 443}`
    progress('connect')
    client
      .connect({ path: authority, headers: tunnelHeaders(proxy, authority) })
      .then(({ statusCode, socket: tunnel }) => {
        if (statusCode !== 200) {
          tunnel.on('error', () => {}).destroy()
          throw new ProxyError(`proxy ${proxy.host} answered ${statusCode} to CONNECT ${authority}`)
        }
        progress('tls')
        const httpSocket = tunnel as NonNullable<buildConnector.Options['httpSocket']>
        socket = secure({ ...options, httpSocket }, callback) as unknown as { destroy(): void }
      })
      .catch((error: Error) => {
        const failure = error instanceof ProxyError ? error : unreachable(proxy, error)
        process.nextTick(callback, failure, null) // outside of the promise: what it throws is not ours
      })
    return () => {
      socket?.destroy()
      client.destroy(() => {})
    }
  }
}

function tunnelHeaders(proxy: URL, authority: string): Record<string, string> {
  const [name, value] = proxyAuthorization(proxy)
  return name === undefined ? { host: authority } : { host: authority, [name]: value! }
}

function unreachable(proxy: URL, cause: Error): ProxyError {
  return new ProxyError(`proxy ${proxy.host}: ${cause.message}`, { cause })
}

function proxyUrl(env: Readonly<Record<string, string | undefined>>, name: string): URL | undefined {
  const text = env[name.toLowerCase()] || env[name]
  if (!text) return undefined
  const url = URL.parse(text)
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new ConfigError(`${name} is not the URL of an HTTP proxy`, {
    hint: 'Give it as http://proxy.example.com:3128, or unset it.',
  })
}

function matches(entry: string, target: URL): boolean {
  if (entry === '*') return true
  const [, host = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? []
  const ownPort = target.port || (target.protocol === 'https:' ? '443' : '80')
  if (port !== undefined && port !== ownPort) return false
  const suffix = host.replace(/^\*?\./, '')
  return target.hostname === suffix || target.hostname.endsWith(`.${suffix}`)
}
