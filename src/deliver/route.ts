// The way to an endpoint's URL: straight, or through a proxy, with the pool of connections on that way.

import type { Resolve } from './address.ts'
import { refuseLiteral } from './address.ts'
import { guardedConnector } from './connect.ts'
import type { Dial } from './connect.ts'
import type { Networks } from './networks.ts'
import { ConnectionPool } from './pool.ts'
import { proxyAuthorization, proxyConnector, proxyFor, tunnelConnector } from './proxy.ts'
import type { ProxySettings } from './proxy.ts'
import type { TlsOptions } from './tls.ts'

/** What every way depends on. */
export interface RouteOptions {
  /** Networks that may be reached although they are not public. */
  allowNetworks: Networks
  /** Default: the system's resolver. */
  resolve?: Resolve | undefined
  /** Default: none; `readProxySettings(process.env)` gives those of the environment. */
  proxies?: ProxySettings | undefined
}

/** An open way. */
export interface Route {
  /** What it was opened for. */
  readonly url: string
  readonly origin: string
  readonly tls: TlsOptions | null | undefined
  /** What stands in the request line: a path or, towards a proxy, the whole URL. */
  readonly target: string
  /** What each request has to carry besides, flat, for the proxy. */
  readonly extraHeaders: readonly string[]
  readonly pool: ConnectionPool
}

/** Whether a request for this URL with these TLS settings can go this way. */
export function leadsTo(route: Route, url: string, tls: TlsOptions | null | undefined): boolean {
  return route.url === url && sameTls(route.tls, tls)
}

/**
 * Opens the way to a URL. Connections of `previous` are kept when only the path differs, else they are
 * closed as soon as their exchanges are over.
 * @throws AddressRefusedError for a literal address behind a proxy; straight ways judge at connect.
 */
export function openRoute(
  url: string,
  tls: TlsOptions | null | undefined,
  previous: Route | undefined,
  options: RouteOptions,
): Route {
  const target = new URL(url)
  if (previous?.origin === target.origin && sameTls(previous.tls, tls)) {
    return { ...previous, url, target: requestTarget(target, previous.extraHeaders) }
  }
  previous?.pool.retire()
  const { origin: connectTo, dial, extraHeaders } = wayTo(target, tls, options)
  const pool = new ConnectionPool({ origin: connectTo, dial })
  const { origin } = target
  return { url, origin, tls, target: requestTarget(target, extraHeaders), extraHeaders, pool }
}

/** Where to connect for a URL, how, and what its requests have to carry for a proxy. */
export function wayTo(
  target: URL,
  tls: TlsOptions | null | undefined,
  options: RouteOptions,
): { origin: string; dial: Dial; extraHeaders: readonly string[] } {
  const { origin } = target
  const proxy = proxyFor(options.proxies ?? {}, target)
  if (proxy === undefined) {
    const dial = guardedConnector({ allow: options.allowNetworks, resolve: options.resolve, tls })
    return { origin, dial, extraHeaders: [] }
  }
  const refusal = refuseLiteral(target.hostname, options.allowNetworks)
  if (refusal !== undefined) throw refusal
  if (target.protocol === 'https:') return { origin, dial: tunnelConnector(proxy, tls), extraHeaders: [] }
  const extraHeaders = ['host', target.host, ...proxyAuthorization(proxy)]
  return { origin: proxy.origin, dial: proxyConnector(proxy), extraHeaders }
}

// Only a request that a proxy reads itself carries extra headers, and the whole URL.
function requestTarget({ origin, pathname, search }: URL, extraHeaders: readonly string[]): string {
  return extraHeaders.length > 0 ? `${origin}${pathname}${search}` : `${pathname}${search}`
}

function sameTls(a: TlsOptions | null | undefined, b: TlsOptions | null | undefined): boolean {
  if (a === b) return true
  return (
    (a?.ca_certificate ?? null) === (b?.ca_certificate ?? null) &&
    (a?.client_certificate ?? null) === (b?.client_certificate ?? null) &&
    (a?.client_key ?? null) === (b?.client_key ?? null)
  )
}
