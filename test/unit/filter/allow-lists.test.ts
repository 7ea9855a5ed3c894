import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { functionGroups, functionRules } from '../../../src/filter/allow/functions.ts'
import { functionsLeftOut, whyLeftOut } from '../../../src/filter/allow/left-out.ts'
import { operatorRules, operatorsLeftOut } from '../../../src/filter/allow/operators.ts'
import { typeRules, typesLeftOut } from '../../../src/filter/allow/types.ts'

describe('the allow-lists', () => {
  it('name every function in one group only', () => {
    const all = Object.values(functionGroups).flatMap((group) => Object.keys(group))
    expect(new Set(all).size).toBe(all.length)
    expect(Object.keys(functionRules).length).toBe(all.length)
  })

  it('do not leave out by name what they allow', () => {
    const named = new Set(functionsLeftOut.flatMap((c) => c.names ?? []))
    expect(Object.keys(functionRules).filter((name) => named.has(name))).toEqual([])
    expect(Object.keys(operatorsLeftOut).filter((name) => name in operatorRules)).toEqual([])
    const types = new Set(typesLeftOut.flatMap((c) => c.names))
    expect(Object.keys(typeRules).filter((name) => types.has(name))).toEqual([])
  })

  it.each([
    'pg_sleep',
    'pg_read_file',
    'lo_import',
    'query_to_xml',
    'dblink',
    'set_config',
    'current_setting',
    'nextval',
    'random',
    'gen_random_uuid',
    'version',
    'has_table_privilege',
    'to_char',
    'to_tsvector',
    'xpath',
    'convert_from',
    'repeat',
    'power',
    'unnest',
    'row_to_json',
    'count',
    'quote_literal',
    'jsonb_path_exists_tz',
    'regclass',
    'int4in',
    'hashtext',
  ])('give a reason for leaving out %s', (name) => {
    expect(whyLeftOut(name)).toMatch(/^\w.{20}/)
    expect(name in functionRules).toBe(false)
  })
})

describe('docs/filters.md', () => {
  const text = readFileSync(new URL('../../../docs/filters.md', import.meta.url), 'utf8')
    .replaceAll(/```[^]*?```/g, '')
    .replaceAll(/\s+/g, ' ')
  const listed = new Set([...text.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code!.split(' ')))

  it('lists every function', () => {
    expect(Object.keys(functionRules).filter((name) => !listed.has(name))).toEqual([])
  })

  it('lists every operator', () => {
    expect(Object.keys(operatorRules).filter((name) => !listed.has(name))).toEqual([])
  })

  it('lists every type that a cast may name', () => {
    const castable = Object.entries(typeRules).filter(([, rule]) => rule.cast === true)
    expect(castable.map(([name]) => name).filter((name) => !listed.has(name))).toEqual([])
  })

  it('gives the version of every function that Postgres 14 does not have', () => {
    const newer = Object.entries(functionRules).filter(([, rule]) => rule.since !== undefined)
    const missing = newer.filter(([name, rule]) => !text.includes(`\`${name}\` (${rule.since})`))
    expect(missing.map(([name]) => name)).toEqual([])
  })

  it('gives a reason for every class of functions that is left out', () => {
    expect(functionsLeftOut.map((c) => c.because).filter((because) => !text.includes(because))).toEqual([])
  })
})
