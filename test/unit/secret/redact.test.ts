import { describe, expect, test } from 'vitest'
import { createRedactor } from '../../../src/secret/redact.ts'

describe('a known secret', () => {
  test('is replaced wherever it stands, as often as it stands there', () => {
    const redactor = createRedactor(['hunter2'])
    expect(redactor.redact('hunter2, and again: (hunter2)')).toBe('***, and again: (***)')
  })

  test.each([
    ['in JSON', JSON.stringify({ pass: 'pä"s\\s\n' })],
    ['in a URL', `https://a.example/?q=${encodeURIComponent('pä"s\\s\n')}`],
  ])('is replaced %s', (_, text) => {
    const redacted = createRedactor(['pä"s\\s\n']).redact(text)
    expect(redacted).toContain('***')
    expect(redacted).not.toMatch(/pä|p%C3%A4/)
  })

  const secret = `Bearer pä"s<s>\\w/o&r'd+key=%41`
  const json = JSON.stringify({ got: secret })
  const ascii = (text: string) =>
    text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const html = (text: string) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#039;')
  test.each([
    ['with escaped slashes (PHP)', ascii(json).replaceAll('/', '\\/')],
    ['with escapes for all that is not ASCII (Python)', ascii(json)],
    ['with escapes for HTML (Go)', json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)],
    ['JSON in JSON', JSON.stringify({ body: json })],
    ['JSON in JSON in JSON', JSON.stringify(JSON.stringify({ body: json }))],
    ['HTML', `<p>${html(secret)}</p>`],
    ['HTML with hexadecimal entities', `<p>${html(secret).replaceAll('&#039;', '&#x27;')}</p>`],
    ['JSON in HTML', html(json)],
    ['HTML in JSON', JSON.stringify(html(secret))],
    ['a form', new URLSearchParams({ secret }).toString()],
    ['JSON in a URL', encodeURIComponent(ascii(json))],
    ['a URL in a URL', encodeURIComponent(encodeURIComponent(secret))],
    ['a URL in lower case', encodeURIComponent(secret).toLowerCase()],
    ['base64', `got ${Buffer.from(secret).toString('base64')}`],
    ['base64 of one byte each', Buffer.from(secret, 'latin1').toString('base64')],
    ['base64url', Buffer.from(secret).toString('base64url')],
    ['base64 of what holds it', Buffer.from(`{"x":${json}}`).toString('base64')],
    ['base64 with escaped slashes', Buffer.from(`?${secret}`).toString('base64').replaceAll('/', '\\/')],
  ])('is replaced in %s', (_, text) => {
    const redacted = createRedactor([secret]).redact(text)
    expect(redacted).toContain('***')
    expect(redacted).not.toMatch(/w.{0,7}o.{0,9}r|key/i)
    expect(redacted.length).toBeLessThan(50)
  })

  test('leaves what stands beside it as it is', () => {
    const { redact } = createRedactor(['hunter2/x'])
    expect(redact('"ä\\n\\"hunter2\\/x\\"\\u00e4 &lt;100%25"')).toBe('"ä\\n\\"***\\"\\u00e4 &lt;100%25"')
    expect(redact('a \\"b\\" &amp; \\u00e4 %20 c')).toBe('a \\"b\\" &amp; \\u00e4 %20 c')
  })

  test('that is a header with a scheme is replaced without the scheme too', () => {
    expect(createRedactor(['Token s3cr3t-value']).redact('got s3cr3t-value')).toBe('got ***')
  })

  test('that begins like another does not leave the end of the longer one behind', () => {
    expect(createRedactor(['hunter2', 'hunter2-and-more']).redact('hunter2-and-more')).toBe('***')
  })

  test('may hold characters that mean something in a pattern', () => {
    expect(createRedactor(['a.b*c(d)[e]^$|\\']).redact('<a.b*c(d)[e]^$|\\> axbxc')).toBe('<***> axbxc')
  })

  test('can be learnt later', () => {
    const redactor = createRedactor()
    expect(redactor.redact('hunter2')).toBe('hunter2')
    redactor.add(['hunter2'])
    redactor.add(['hunter2', 'hunter3'])
    expect(redactor.redact('hunter2 hunter3')).toBe('*** ***')
  })

  test('of fewer than six characters is left, because words look like that', () => {
    expect(createRedactor(['prod', '']).redact('production')).toBe('production')
  })
})

describe('what looks like a secret', () => {
  test.each([
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw is wrong', 'whsec_*** is wrong'],
    ['v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1,K5oZ', 'v1,*** v1,K5oZ'],
    ['{"sig":"v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN\\/H\\/pI4="}', '{"sig":"v1,***"}'],
    ['s=v1%2CK5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN%2FH%2FpI4%3D&x', 's=v1,***&x'],
    ['authorization: Bearer eyJhbGciOi.J9.x-y_z', 'authorization: Bearer ***'],
    ['{"Authorization":"Basic dXNlcjpwYXNz"}', '{"Authorization":"Basic ***"}'],
    ['postgres://me:hunter2@db.example:5432/shop', 'postgres://***@db.example:5432/shop'],
    ['postgresql://me:p@ss@db/shop', 'postgresql://***@db/shop'],
    ['http://token@proxy:3128', 'http://***@proxy:3128'],
    ['host=db user=me password=hunter2 dbname=shop', 'host=db user=me password=*** dbname=shop'],
    ["password='two words' dbname=shop", 'password=*** dbname=shop'],
    ['https://a.example/?api_key=abc&x=1', 'https://a.example/?api_key=***&x=1'],
    ['-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----\nend', '***\nend'],
    ['-----BEGIN PRIVATE KEY-----\nMHcCAQ (cut)', '***'],
  ])('%j becomes %j', (text, redacted) => {
    expect(createRedactor().redact(text)).toBe(redacted)
  })

  test.each([
    'connect ECONNREFUSED 127.0.0.1:5432',
    'mail me@a.example about https://a.example/hooks/orders',
    'the bearer of this letter',
    'null value in column "token" of relation "session"',
  ])('%j stays', (text) => {
    expect(createRedactor().redact(text)).toBe(text)
  })
})
