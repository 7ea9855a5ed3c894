import { describe, expect, test } from 'vitest'
import { substitute } from '../../../src/cli/substitute.ts'

const fill = (text: string, env: Record<string, string> = {}) => substitute(text, env, 'rowhook.yml')

describe('${VAR} in a document', () => {
  test('is the variable, or the default behind :-', () => {
    expect(fill('url: https://${HOST}/${PATH_:-hooks}', { HOST: 'example.com' })).toEqual({
      url: 'https://example.com/hooks',
    })
  })

  test('an empty variable counts as unset with :- and as set with -', () => {
    expect(fill('a: "${X:-d}"\nb: "${X-d}"', { X: '' })).toEqual({ a: 'd', b: '' })
  })

  test('has the type that YAML would give it in a plain scalar, and is text in a quoted one', () => {
    expect(fill('a: ${N}\nb: "${N}"\nc: ${B}\nd: ${E:-}', { N: '12', B: 'true' })).toEqual({
      a: 12,
      b: '12',
      c: true,
      d: null,
    })
  })

  test('cannot add a field, whatever the value looks like', () => {
    const value = 'x\nadmin: true # {"a": [1]}'
    expect(fill('name: ${N}\nlist: ["${N}"]', { N: value })).toEqual({ name: value, list: [value] })
  })

  test('is not read in comments and keys, nor behind another $', () => {
    expect(fill('# ${NOPE}\n"${KEY}": $${NOT}\nprice: $5')).toEqual({
      '${KEY}': '${NOT}',
      price: '$5',
    })
  })

  test('of a variable that is not set is an error that names all of them with their lines', () => {
    expect(() => fill('a: ${ONE}\nb:\n  - ${TWO}')).toThrow(
      'rowhook.yml needs variables that are not set: ONE (line 1), TWO (line 3)',
    )
  })

  test('that is not a variable is refused rather than passed on', () => {
    expect(() => fill('a: ${NOT CLOSED')).toThrow(
      'rowhook.yml needs a variable that is not set: ${NOT CLOSED',
    )
  })
})

test('what is not YAML is said with its place and without quoting it', () => {
  expect(() => fill('a: 1\nb: "secret')).toThrow(/^rowhook\.yml is not YAML at line 2, column \d+ \(\w+\)$/)
  expect(() => fill('a: 1\na: 2')).toThrow('DUPLICATE_KEY')
  expect(() => fill('a: [${N}]')).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('quoted') }),
  )
})
