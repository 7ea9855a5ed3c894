import type { LookupAddress } from 'node:dns'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { checkUrl, guardedLookup, joinUrl } from '../../../src/deliver/address.ts'
import type { Resolve } from '../../../src/deliver/address.ts'
import { parseNetworks } from '../../../src/deliver/networks.ts'

const allow = parseNetworks('')

describe("an endpoint's URL", () => {
  test.each([
    'https://app.example.com/hooks',
    'http://app.example.com:8080/hooks?tenant=7',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
    'https://bücher.example/',
    // A name is judged by what it resolves to, at delivery, and not by how it looks.
    'http://localhost:3000/',
    'http://127.0.0.1.nip.io/',
    'http://metadata.google.internal/',
  ])('may be %s', (url) => {
    expect(checkUrl(url, { allow })).toEqual([])
  })

  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://127.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://0177.0.0.01/',
    'http://017700000001/',
    'http://00000177.0.0.1/',
    'http://127.0.0.1./',
    'http://127.0.0.1:8080/',
    'http://0/',
    'http://0.0.0.0/',
    'http://１２７.０.０.１/',
    'http://①②⑦.⓪.⓪.①/',
    'http://127。0。0。1/',
    'http://%31%32%37.0.0.1/',
    'http://10.0.0.1/',
    'http://10.1/',
    'http://0xa.0.0.1/',
    'http://012.0.0.1/',
    'http://167772161/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://192.168.257/',
    'http://169.254.169.254/latest/meta-data/',
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'http://0251.0376.0251.0376/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::FFFF:0a00:0001]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::127.0.0.1]/',
    'http://[2002:7f00:1::]/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://[ff02::1]/',
    'https://127.0.0.1\\@example.com/',
  ])('may not be %s', (url) => {
    const [problem] = checkUrl(url, { allow })
    expect(problem).toEqual({
      path: 'url',
      message: expect.stringMatching(/^address refused: .*ROWHOOK_ALLOW_NETWORKS/),
    })
  })

  test.each([
    ['', 'is not a URL'],
    ['app.example.com', 'is not a URL'],
    ['http://', 'is not a URL'],
    ['http://[fe80::1%25eth0]/', 'is not a URL'],
    ['http://1.2.3.256/', 'is not a URL'],
    ['http://0x100000000/', 'is not a URL'],
    ['http://exa mple.com/', 'is not a URL'],
    ['ftp://example.com/', 'must begin with https:// or http://'],
    ['file:///etc/passwd', 'must begin with https:// or http://'],
    ['javascript:alert(1)', 'must begin with https:// or http://'],
    ['unix:/var/run/docker.sock', 'must begin with https:// or http://'],
    ['https://user:hunter2@example.com/', 'must hold no user name or password'],
    ['https://token@example.com/', 'must hold no user name or password'],
    ['http://example.com@127.0.0.1/', 'must hold no user name or password'],
  ])('%j: %s', (url, message) => {
    expect(checkUrl(url, { allow })).toEqual([{ path: 'url', message: expect.stringContaining(message) }])
  })

  test('may hold a private address that the settings open, in any spelling, and no other', () => {
    const opened = { allow: parseNetworks('127.0.0.0/8') }
    expect(checkUrl('http://2130706433/', opened)).toEqual([])
    expect(checkUrl('http://[::ffff:127.0.0.1]/', opened)).toEqual([])
    expect(checkUrl('http://[::1]/', opened)).toHaveLength(1)
  })

  test('is never repeated in a problem, and the path of the field is the one asked for', () => {
    const [problem] = checkUrl('https://user:hunter2@example.com/s3cret', { allow, path: 'endpoints[0].url' })
    expect(problem?.path).toBe('endpoints[0].url')
    expect(problem?.message).not.toMatch(/hunter2|s3cret/)
  })
})

describe("a sink's path behind the URL", () => {
  test.each([
    ['https://a.example/hooks', '/orders', 'https://a.example/hooks/orders'],
    ['https://a.example/hooks/', '/orders', 'https://a.example/hooks/orders'],
    ['https://a.example/hooks', 'orders', 'https://a.example/hooks/orders'],
    ['https://a.example', '/orders', 'https://a.example/orders'],
    ['https://a.example', '', 'https://a.example/'],
    ['https://a.example/hooks/', '', 'https://a.example/hooks/'],
    ['https://a.example/hooks', '/', 'https://a.example/hooks'],
    ['https://a.example/hooks?key=1', '/orders', 'https://a.example/hooks/orders?key=1'],
    ['https://a.example/hooks?key=1', '/orders?v=2', 'https://a.example/hooks/orders?key=1&v=2'],
    ['https://a.example/hooks', '?v=2', 'https://a.example/hooks?v=2'],
    ['https://a.example/hooks#top', '/orders', 'https://a.example/hooks/orders'],
    ['https://a.example/hooks', '/a#b', 'https://a.example/hooks/a%23b'],
    [
      'https://a.example/hooks',
      '/Bestellungen/über uns',
      'https://a.example/hooks/Bestellungen/%C3%BCber%20uns',
    ],
  ])('%s and %j make %s', (url, path, joined) => {
    expect(joinUrl(url, path)).toBe(joined)
  })

  test.each([
    '//evil.example/x',
    'https://evil.example/',
    '\\\\evil.example',
    '@evil.example',
    ':8080/',
    '/../../..//evil',
  ])('cannot lead to another host: %s', (path) => {
    expect(new URL(joinUrl('https://a.example/hooks', path)).host).toBe('a.example')
  })
})

describe('the lookup', () => {
  const lookupWith = (answers: Record<string, string[]>, networks = '') => {
    const resolve: Resolve = (hostname) =>
      Promise.resolve(
        (answers[hostname] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
    const lookup = promisify(guardedLookup(parseNetworks(networks), resolve))
    return (hostname: string) => lookup(hostname, { all: true }) as unknown as Promise<LookupAddress[]>
  }

  test('hands out every public address of a name', async () => {
    const lookup = lookupWith({ 'a.example': ['1.1.1.1', '2606:4700:4700::1111'] })
    expect(await lookup('a.example')).toEqual([
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700:4700::1111', family: 6 },
    ])
  })

  test('leaves out the private ones among them', async () => {
    const lookup = lookupWith({ 'a.example': ['10.0.0.1', '1.1.1.1', '::1'] })
    expect(await lookup('a.example')).toEqual([{ address: '1.1.1.1', family: 4 }])
  })

  test('fails when there are only private ones, and says which, why, and what opens them', async () => {
    const lookup = lookupWith({ 'a.example': ['10.0.0.1', '::1'] })
    await expect(lookup('a.example')).rejects.toMatchObject({
      code: 'address_refused',
      message: expect.stringMatching(/a\.example .* 10\.0\.0\.1 \(private network.*\), ::1 \(loopback\)/),
      hint: expect.stringContaining('ROWHOOK_ALLOW_NETWORKS'),
    })
  })

  test('gives the first address to a caller that wants one', async () => {
    const resolve: Resolve = () =>
      Promise.resolve([
        { address: '10.0.0.1', family: 4 },
        { address: '1.1.1.1', family: 4 },
      ])
    const lookup = promisify(guardedLookup(allow, resolve))
    expect(await lookup('a.example', {})).toBe('1.1.1.1')
  })

  test('asks once for a name that several want at the same time, and again afterwards', async () => {
    let asked = 0
    const resolve: Resolve = () => {
      asked += 1
      return Promise.resolve([{ address: '1.1.1.1', family: 4 }])
    }
    const lookup = promisify(guardedLookup(allow, resolve))
    await Promise.all([lookup('a.example', {}), lookup('a.example', {}), lookup('a.example', {})])
    expect(asked).toBe(1)
    await lookup('a.example', {})
    expect(asked).toBe(2)
  })

  test('passes on that a name does not exist', async () => {
    const resolve: Resolve = () =>
      Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))
    const lookup = promisify(guardedLookup(allow, resolve))
    await expect(lookup('nowhere.example', {})).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })
})
