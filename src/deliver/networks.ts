// Which addresses a webhook may reach: the ranges that are not public unicast, each with its reason,
// and the exceptions that ROWHOOK_ALLOW_NETWORKS opens. Data and pure functions only; what resolves
// names and connects is address.ts.
//
// Version 4 is a list of what is refused. Version 6 is the other way round: only 2000::/3 has ever been
// assigned as global unicast, so everything outside is refused without being named. The named ranges
// outside 2000::/3 are there for a better reason in the error text.

import ipaddr from 'ipaddr.js'
import { ConfigError } from '../errors.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** One network: its first address and the length of its prefix in bits. */
export type Cidr = readonly [Address, number]

/** Networks that webhooks may reach although they are not public. */
export type Networks = readonly Cidr[]

/** Whether an address may be connected to; `reason` is a noun phrase ("loopback"). */
export type Verdict = { ok: true } | { ok: false; reason: string }

const REFUSED_V4 = table([
  ['0.0.0.0/8', 'this host (RFC 1122)'], // Linux connects 0.0.0.0 to itself
  ['10.0.0.0/8', 'private network (RFC 1918)'],
  ['100.64.0.0/10', 'carrier-grade NAT (RFC 6598)'], // Alibaba's metadata service is 100.100.100.200
  ['127.0.0.0/8', 'loopback'],
  // A public address that, inside Azure, is the platform's own service (certificates, goal state).
  ['168.63.129.16/32', 'Azure platform service'],
  ['169.254.0.0/16', 'link-local, cloud metadata (RFC 3927)'],
  ['172.16.0.0/12', 'private network (RFC 1918)'],
  ['192.0.0.0/24', 'IETF protocol assignments (RFC 6890)'], // Oracle's metadata service is 192.0.0.192
  ['192.0.2.0/24', 'documentation (RFC 5737)'],
  ['192.31.196.0/24', 'AS112 (RFC 7535)'],
  ['192.52.193.0/24', 'AMT relay (RFC 7450)'],
  ['192.88.99.0/24', '6to4 relay (RFC 7526)'],
  ['192.168.0.0/16', 'private network (RFC 1918)'],
  ['192.175.48.0/24', 'AS112 (RFC 7534)'],
  ['198.18.0.0/15', 'benchmarking (RFC 2544)'],
  ['198.51.100.0/24', 'documentation (RFC 5737)'],
  ['203.0.113.0/24', 'documentation (RFC 5737)'],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255/32', 'broadcast'],
  ['240.0.0.0/4', 'reserved (RFC 1112)'],
])

const REFUSED_V6 = table([
  ['::/128', 'unspecified address'],
  ['::1/128', 'loopback'],
  ['::/96', 'IPv4-compatible address (RFC 4291)'],
  ['::ffff:0:0:0/96', 'IPv4-translated address (RFC 2765)'],
  ['64:ff9b:1::/48', 'local NAT64 prefix (RFC 8215)'],
  ['::/8', 'reserved (RFC 4291)'],
  ['100::/64', 'discard-only (RFC 6666)'],
  // Teredo and 6to4 carry an IPv4 address that a relay would connect to. Both are retired, no receiver
  // lives there, so they are refused whole instead of trusting the embedded address.
  ['2001::/32', 'Teredo (RFC 4380)'],
  ['2001::/23', 'IETF protocol assignments (RFC 2928)'],
  ['2001:db8::/32', 'documentation (RFC 3849)'],
  ['2002::/16', '6to4 (RFC 7526)'],
  ['2620:4f:8000::/48', 'AS112 (RFC 7534)'],
  ['3fff::/20', 'documentation (RFC 9637)'],
  ['5f00::/16', 'segment routing (RFC 9602)'],
  ['fc00::/7', 'unique local, cloud metadata (RFC 4193)'], // AWS: fd00:ec2::254
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local (RFC 3879)'],
  ['ff00::/8', 'multicast'],
])

const GLOBAL_UNICAST_V6 = cidr('2000::/3')

// A resolver on an IPv6-only network (DNS64) gives these for every receiver that has only IPv4, so here
// the embedded address decides.
const NAT64 = cidr('64:ff9b::/96')

/**
 * Judges one address, in any spelling that ipaddr.js reads. An IPv4-mapped address
 * (`::ffff:127.0.0.1`) is the same destination as the IPv4 address in it and is judged as that, also
 * against `allow`; an address that only embeds one (NAT64) is not opened by a network of the embedded.
 */
export function isAllowed(address: string, allow: Networks = []): Verdict {
  const parsed = parseAddress(address)
  if (parsed === undefined) return { ok: false, reason: 'not an IP address' }
  if (allow.some((network) => contains(network, parsed))) return { ok: true }
  const reason = refusalOf(parsed)
  return reason === undefined ? { ok: true } : { ok: false, reason }
}

/**
 * Reads networks in CIDR notation: a list, or one text separated by commas or blanks. A bare address is
 * itself alone; nothing, or an empty text, opens nothing.
 * @throws ConfigError that names the entry which is not a network.
 */
export function parseNetworks(networks: string | readonly string[] = ''): Networks {
  const entries = typeof networks === 'string' ? networks.split(/[\s,]+/) : networks
  return entries
    .filter((entry) => entry !== '')
    .map((entry) => {
      const network = parseNetwork(entry)
      if (network !== undefined) return network
      throw new ConfigError(`ROWHOOK_ALLOW_NETWORKS: ${JSON.stringify(entry)} is not a network`, {
        hint: 'Write networks in CIDR notation, separated by commas, for example 10.0.0.0/8,fd00::/8.',
      })
    })
}

function refusalOf(address: Address): string | undefined {
  if (address.kind() === 'ipv4') return REFUSED_V4.find(([network]) => contains(network, address))?.[1]
  if (contains(NAT64, address)) {
    const embedded = refusalOf(lastFourBytes(address))
    return embedded === undefined ? undefined : `NAT64 address of ${embedded}`
  }
  const named = REFUSED_V6.find(([network]) => contains(network, address))
  if (named !== undefined) return named[1]
  return contains(GLOBAL_UNICAST_V6, address) ? undefined : 'not global unicast (RFC 4291)'
}

function parseAddress(text: string): Address | undefined {
  const address = respell(text)
  // `process` also turns an IPv4-mapped address into the IPv4 address; a zone id is left out of account.
  return ipaddr.isValid(address) ? ipaddr.process(address) : undefined
}

// ipaddr.js takes ::8.8.8.8 for the IPv4-mapped ::ffff:8.8.8.8, which is another address than the one that
// the system would connect to. With one more zero it reads it right.
function respell(text: string): string {
  return text.replace(/^::(?=\d+\.)/, '::0:')
}

function parseNetwork(text: string): Cidr | undefined {
  const address = text.includes('/') ? text.slice(0, text.lastIndexOf('/')) : text
  // ipaddr.js reads 127.1 and 0177.0.0.1 too. What opens a network has to be beyond doubt.
  if (!address.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined
  if (!text.includes('/')) {
    const single = parseAddress(text)
    return single === undefined ? undefined : [single, single.kind() === 'ipv4' ? 32 : 128]
  }
  return ipaddr.isValidCIDR(text) ? cidr(text) : undefined
}

function cidr(text: string): Cidr {
  const [address, prefix] = ipaddr.parseCIDR(respell(text))
  const mapped = address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress() && prefix >= 96
  return mapped ? [lastFourBytes(address), prefix - 96] : [address, prefix]
}

function contains([network, prefix]: Cidr, address: Address): boolean {
  return network.kind() === address.kind() && address.match(network, prefix)
}

function lastFourBytes(address: Address): Address {
  return ipaddr.fromByteArray(address.toByteArray().slice(-4))
}

function table(rows: [network: string, reason: string][]): [Cidr, string][] {
  return rows.map(([network, reason]) => [cidr(network), reason])
}
