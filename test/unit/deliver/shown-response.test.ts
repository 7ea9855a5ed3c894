import { describe, expect, it } from 'vitest'
import { responseShower } from '../../../src/deliver/shown-response.ts'

describe('an answer', () => {
  const secret = 'Bearer s3cret-"quoted"-token'
  const show = responseShower([secret, 'k'.repeat(40)])

  it('that is empty is null', () => {
    expect(show('')).toBeNull()
  })

  it('is kept as it is, up to 1,000 characters', () => {
    expect(show('no such order')).toBe('no such order')
    expect(show('x'.repeat(5000))).toBe('x'.repeat(1000))
  })

  it('that echoes a secret shows it masked, bare and within JSON', () => {
    expect(show(`you sent ${secret}`)).toBe('you sent ***')
    expect(show('you sent s3cret-"quoted"-token')).toBe('you sent ***')
    expect(show(JSON.stringify({ headers: { authorization: secret } }))).toBe(
      '{"headers":{"authorization":"***"}}',
    )
  })

  it('shows nothing of a secret that is escaped until it is many times as long, and cut off', () => {
    const escaped = Array.from('k'.repeat(40), (c) => `\\\\u00${c.charCodeAt(0).toString(16)}`).join('')
    const shown = show('-'.repeat(990) + escaped + 'end')!
    expect(shown).toBe(`${'-'.repeat(990)}***end`)
  })

  it('that echoes the signature shows it masked', () => {
    const signature = `v1,${'K5oZ/N+5'.repeat(5)}I4A=`
    expect(show(JSON.stringify({ 'webhook-signature': `${signature} ${signature}` }))).toBe(
      '{"webhook-signature":"v1,*** v1,***"}',
    )
    expect(show('-'.repeat(980) + signature)).toBe(`${'-'.repeat(980)}v1,***`)
  })

  it('shows nothing of a secret that is cut off', () => {
    for (const before of [961, 970, 999]) {
      const shown = show('-'.repeat(before) + 'k'.repeat(40) + 'end')!
      expect(shown).not.toContain('k')
      expect(shown.length).toBeLessThanOrEqual(1000)
    }
  })
})
