import ipaddr from 'ipaddr.js'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAllowed, parseNetworks } from '../../../src/deliver/networks.ts'

const refused: [address: string, reason: string][] = [
  ['0.0.0.0', 'this host'],
  ['0.255.255.255', 'this host'],
  ['10.0.0.0', 'private'],
  ['10.255.255.255', 'private'],
  ['100.64.0.0', 'carrier-grade NAT'],
  ['100.100.100.200', 'carrier-grade NAT'],
  ['100.127.255.255', 'carrier-grade NAT'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['168.63.129.16', 'Azure'],
  ['169.254.0.0', 'link-local'],
  ['169.254.169.254', 'link-local'],
  ['172.16.0.0', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.1', 'IETF'],
  ['192.0.0.192', 'IETF'],
  ['192.0.2.1', 'documentation'],
  ['192.31.196.1', 'AS112'],
  ['192.52.193.1', 'AMT'],
  ['192.88.99.1', '6to4'],
  ['192.168.0.0', 'private'],
  ['192.168.255.255', 'private'],
  ['192.175.48.1', 'AS112'],
  ['198.18.0.0', 'benchmarking'],
  ['198.19.255.255', 'benchmarking'],
  ['198.51.100.7', 'documentation'],
  ['203.0.113.7', 'documentation'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.0', 'reserved'],
  ['255.255.255.254', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  // other spellings of the same
  ['127.1', 'loopback'],
  ['2130706433', 'loopback'],
  ['0x7f000001', 'loopback'],
  ['0177.0.0.1', 'loopback'],
  ['0x7f.0.0.1', 'loopback'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['0:0:0:0:0:0:0:1', 'loopback'],
  ['::2', 'IPv4-compatible'],
  ['::127.0.0.1', 'IPv4-compatible'],
  ['::8.8.8.8', 'IPv4-compatible'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['0:0:0:0:0:ffff:10.0.0.1', 'private'],
  ['::FFFF:169.254.169.254', 'link-local'],
  ['::ffff:0:127.0.0.1', 'IPv4-translated'],
  ['::ffff:0:808:808', 'IPv4-translated'],
  ['64:ff9b::127.0.0.1', 'NAT64 address of loopback'],
  ['64:ff9b::a00:1', 'NAT64 address of private'],
  ['64:ff9b::a9fe:a9fe', 'NAT64 address of link-local'],
  ['64:ff9b:1::808:808', 'local NAT64'],
  ['64:ff9b:1:ffff::1', 'local NAT64'],
  ['64:ff9c::1', 'reserved'],
  ['ff:1::1', 'reserved'],
  ['100::1', 'discard-only'],
  ['100:0:0:1::1', 'not global unicast'],
  ['200::1', 'not global unicast'],
  ['2001::1', 'Teredo'],
  ['2001:0:4136:e378:8000:63bf:f7f7:f7f7', 'Teredo'],
  ['2001:1::1', 'IETF'],
  ['2001:2::1', 'IETF'],
  ['2001:3::1', 'IETF'],
  ['2001:4:112::1', 'IETF'],
  ['2001:10::1', 'IETF'],
  ['2001:20::1', 'IETF'],
  ['2001:30::1', 'IETF'],
  ['2001:1ff:ffff::1', 'IETF'],
  ['2001:db8::1', 'documentation'],
  ['2001:db8:ffff:ffff::1', 'documentation'],
  ['2002:7f00:1::1', '6to4'],
  ['2002:a9fe:a9fe::', '6to4'],
  ['2002:808:808::1', '6to4'],
  ['2620:4f:8000::1', 'AS112'],
  ['3fff::1', 'documentation'],
  ['3fff:fff:ffff::1', 'documentation'],
  ['4000::1', 'not global unicast'],
  ['5f00::1', 'segment routing'],
  ['8000::1', 'not global unicast'],
  ['fc00::1', 'unique local'],
  ['fd00:ec2::254', 'unique local'],
  ['fdff:ffff::1', 'unique local'],
  ['fe00::1', 'not global unicast'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['febf:ffff::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['feff::1', 'site-local'],
  ['ff00::1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['ffff::1', 'multicast'],
  // not addresses at all
  ['', 'not an IP address'],
  ['example.com', 'not an IP address'],
  ['1.2.3.4.5', 'not an IP address'],
  ['256.256.256.256', 'not an IP address'],
  ['::g', 'not an IP address'],
]

const allowed = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '168.63.129.15',
  '168.63.129.17',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '192.0.3.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '203.0.112.255',
  '223.255.255.255',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  '64:ff9b::808:808',
  '2000::1',
  '2001:200::1',
  '2001:4860:4860::8888',
  '2001:db7:ffff::1',
  '2001:db9::1',
  '2003::1',
  '2606:4700:4700::1111',
  '2a00:1450:4001:82a::200e',
  '3fff:1000::1',
]

describe('the addresses that webhooks may reach', () => {
  test.each(refused)('%s is refused: %s', (address, reason) => {
    expect(isAllowed(address)).toEqual({ ok: false, reason: expect.stringContaining(reason) })
  })

  test.each(allowed)('%s is public', (address) => {
    expect(isAllowed(address)).toEqual({ ok: true })
  })

  // Random addresses would hardly ever meet the small ranges, so most begin like one of them.
  const heads = [[0x64, 0xff9b], [0x2001, 0xdb8], [0x2001, 2], [0x2002], [0x2620, 0x4f, 0x8000], [0x3fff], []]
  const words = fc
    .tuple(fc.constantFrom(...heads), fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }))
    .map(([head, tail]) => new ipaddr.IPv6([...head, ...tail].slice(0, 8)))
  const octets = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }).map((bytes) => new ipaddr.IPv4(bytes))

  test('none of them is special to ipaddr.js, but for NAT64', () => {
    const address = fc.oneof(octets, words)
    fc.assert(
      fc.property(address, (a) => {
        const isPublic = isAllowed(a.toString()).ok
        return !isPublic || a.range() === 'unicast' || (a.range() as string) === 'rfc6052'
      }),
      { numRuns: 5_000 },
    )
    expect(isAllowed('64:ff9b::8.8.8.8').ok).toBe(true)
  })
})

describe('the networks that are opened', () => {
  test('open exactly what they say', () => {
    const networks = parseNetworks('127.0.0.0/8, fd00:1::/32')
    expect(isAllowed('127.9.9.9', networks).ok).toBe(true)
    expect(isAllowed('fd00:1:2::3', networks).ok).toBe(true)
    const others = ['10.0.0.1', '::1', 'fd00:2::1', '::127.0.0.1', '64:ff9b::127.0.0.1', '2002:7f00:1::']
    expect(others.filter((address) => isAllowed(address, networks).ok)).toEqual([])
  })

  test('take nothing away from what is public', () => {
    expect(isAllowed('8.8.8.8', parseNetworks('10.0.0.0/8')).ok).toBe(true)
  })

  test('hold for an IPv4-mapped spelling of the same address, on both sides', () => {
    expect(isAllowed('::ffff:127.0.0.1', parseNetworks('127.0.0.0/8')).ok).toBe(true)
    expect(isAllowed('127.0.0.1', parseNetworks('::ffff:127.0.0.0/104')).ok).toBe(true)
    expect(isAllowed('127.0.0.1', parseNetworks('::127.0.0.0/104')).ok).toBe(false)
  })

  test('of one family leave the other closed', () => {
    expect(isAllowed('10.0.0.1', parseNetworks('::/0')).ok).toBe(false)
    expect(isAllowed('::ffff:10.0.0.1', parseNetworks('::/0')).ok).toBe(false)
    expect(isAllowed('fd00::1', parseNetworks('0.0.0.0/0')).ok).toBe(false)
  })

  test('may be single addresses, a list, or separated by blanks', () => {
    expect(isAllowed('10.0.0.5', parseNetworks('10.0.0.5')).ok).toBe(true)
    expect(isAllowed('10.0.0.6', parseNetworks('10.0.0.5')).ok).toBe(false)
    expect(isAllowed('::1', parseNetworks(['10.0.0.5', '::1'])).ok).toBe(true)
    expect(parseNetworks(' 10.0.0.0/8\n 11.0.0.0/8 ')).toHaveLength(2)
  })

  test.each([undefined, '', ' , '])('are none for %j', (text) => {
    expect(parseNetworks(text)).toEqual([])
  })

  test.each([
    '10.0.0.0/33',
    '10.0.0/8',
    '127.1/8',
    '0x7f.0.0.0/8',
    '::/129',
    'localhost',
    '10.0.0.0/',
    '10.0.0.0/8/9',
  ])('cannot be %s, and the error names it', (text) => {
    expect(() => parseNetworks(`127.0.0.0/8,${text}`)).toThrow(
      `ROWHOOK_ALLOW_NETWORKS: "${text}" is not a network`,
    )
  })
})
