// Where a webhook may go: the check of an endpoint's URL when it is made, and the lookup that resolves,
// checks and pins at delivery. Owns no sockets; connect.ts dials with what is decided here.
//
// A name is judged by what it resolves to, at every connect, and the socket gets the very addresses
// that were judged. Judging a name earlier would prove nothing: its owner can make it resolve to
// something else a second later (DNS rebinding). A literal address never reaches a lookup, so it is
// judged on its own, both early (to tell the person at once) and again at every connect.

import { lookup as resolve } from 'node:dns/promises'
import type { LookupAddress, LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { AddressRefusedError } from '../errors.ts'
import type { InputProblem } from '../errors.ts'
import { isAllowed } from './networks.ts'
import type { Networks } from './networks.ts'

/** Resolves a name to all of its addresses, or rejects with a system error (`ENOTFOUND`). */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>

const OPEN_A_NETWORK =
  'If webhooks are meant to reach it, add its network to ROWHOOK_ALLOW_NETWORKS where rowhook runs.'

/**
 * What is wrong with an endpoint's URL, as far as can be said before anything is resolved; empty when
 * nothing is. The parts of the URL are never echoed: any may hold a secret.
 */
export function checkUrl(
  url: string,
  { allow, path = 'url' }: { allow: Networks; path?: string },
): InputProblem[] {
  const problem = (message: string): InputProblem[] => [{ path, message }]
  const parsed = URL.parse(url)
  if (parsed === null)
    return problem('is not a URL; write it whole, for example https://app.example.com/hooks')
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')
    return problem('must begin with https:// or http://')
  if (parsed.username !== '' || parsed.password !== '') {
    // It would stand readable in the database, in exports and in every log line that names the URL.
    return problem(
      'must hold no user name or password; put them into encrypted_headers as authorization: Basic …',
    )
  }
  const refusal = refuseLiteral(parsed.hostname, allow)
  return refusal === undefined ? [] : problem(`${refusal.message}. ${refusal.hint}`)
}

/**
 * The endpoint's URL with the sink's path put behind it, each of the two with or without a slash where
 * they meet. Query parameters of both are kept; a path cannot lead to another host.
 */
export function joinUrl(url: string, path: string): string {
  const joined = new URL(url)
  joined.hash = ''
  const [pathname = '', ...query] = path.split('?')
  const tail = pathname.replace(/^\/+/, '')
  if (tail !== '') joined.pathname = `${joined.pathname.replace(/\/+$/, '')}/${tail}`
  if (query.length > 0) joined.search = [joined.search.slice(1), query.join('?')].filter(Boolean).join('&')
  return joined.href
}

/**
 * The error when a URL's host is a literal address that is not allowed; undefined for an allowed one
 * and for every name. `hostname` is that of a parsed URL, so 2130706433, 0x7f.1, 127.0.0.1. and digits
 * of other scripts have become 127.0.0.1 already.
 */
export function refuseLiteral(hostname: string, allow: Networks): AddressRefusedError | undefined {
  const address = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  if (isIP(address) === 0) return undefined
  const verdict = isAllowed(address, allow)
  if (verdict.ok) return undefined
  return new AddressRefusedError(`address refused: ${address} is not public (${verdict.reason})`, {
    hint: OPEN_A_NETWORK,
  })
}

/**
 * A `lookup` for `net.connect` that hands out allowed addresses only, so that the socket can connect to
 * nothing else; fails with AddressRefusedError when a name has none. Connections that ask for the same
 * name at the same time share one resolution: getaddrinfo blocks one of the process's few threads, and
 * a name that does not answer must not take them all.
 */
export function guardedLookup(allow: Networks, resolveAll: Resolve = systemResolve): LookupFunction {
  const underWay = new Map<string, Promise<LookupAddress[]>>()
  const resolveOnce = (hostname: string): Promise<LookupAddress[]> => {
    let resolution = underWay.get(hostname)
    if (resolution === undefined) {
      resolution = resolveAll(hostname).finally(() => underWay.delete(hostname))
      underWay.set(hostname, resolution)
    }
    return resolution
  }
  // Called back outside of the promises: what a callback throws must not become their rejection.
  return (hostname, options, callback) => {
    resolveOnce(hostname)
      .then((addresses) => onlyAllowed(hostname, addresses, allow))
      .then(
        (addresses) => process.nextTick(answer, options, callback, addresses),
        (error) => process.nextTick(callback, error, []),
      )
  }
}

function answer(
  { all }: LookupOptions,
  callback: Parameters<LookupFunction>[2],
  found: LookupAddress[],
): void {
  if (all === true) callback(null, found)
  else callback(null, found[0]!.address, found[0]!.family)
}

function onlyAllowed(hostname: string, addresses: LookupAddress[], allow: Networks): LookupAddress[] {
  const allowed: LookupAddress[] = []
  const refused: string[] = []
  for (const entry of addresses) {
    const verdict = isAllowed(entry.address, allow)
    if (verdict.ok) allowed.push(entry)
    else refused.push(`${entry.address} (${verdict.reason})`)
  }
  if (allowed.length > 0) return allowed
  throw new AddressRefusedError(
    `address refused: ${hostname} resolves to no public address, only to ${refused.slice(0, 3).join(', ')}`,
    {
      hint: OPEN_A_NETWORK,
    },
  )
}

function systemResolve(hostname: string): Promise<LookupAddress[]> {
  return resolve(hostname, { all: true })
}
