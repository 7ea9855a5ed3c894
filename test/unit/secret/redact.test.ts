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
