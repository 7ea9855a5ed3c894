import { beforeAll, describe, expect, it } from 'vitest'
import { functionRules } from '../../../src/filter/allow/functions.ts'
import { whyLeftOut } from '../../../src/filter/allow/left-out.ts'
import { operatorRules, operatorsLeftOut } from '../../../src/filter/allow/operators.ts'
import { typeRules, whyTypeLeftOut } from '../../../src/filter/allow/types.ts'
import { createDatabase } from '../../support/database.ts'

interface BuiltinFunction {
  name: string
  kind: string
  volatility: string
  set: boolean
  fewest: number
  most: number
  arguments: string
  /** Runs an operator, or takes or gives a pseudo-type that SQL cannot write. */
  internal: boolean
}

let functions: BuiltinFunction[]
let operators: { name: string; volatility: string; prefix: boolean }[]
let types: string[]
let major: number

beforeAll(async () => {
  const { sql } = await createDatabase({ template: false })
  const [version] = await sql<{ major: number }[]>`
    select current_setting('server_version_num')::int / 10000 as major`
  major = version!.major
  functions = await sql<BuiltinFunction[]>`
    select proname as name, prokind::text as kind, provolatile::text as volatility, proretset as set,
      pronargs - pronargdefaults - (provariadic <> 0)::int as fewest,
      case when provariadic <> 0 then 100 else pronargs end as most,
      pg_get_function_identity_arguments(p.oid) as arguments,
      exists (select from pg_operator where oprcode = p.oid) or exists (
        select from unnest(proargtypes::oid[] || prorettype) t(oid) join pg_type using (oid)
        where typtype = 'p' and typname not like 'any%') as internal
    from pg_proc p where pronamespace = 'pg_catalog'::regnamespace`
  operators = await sql<typeof operators>`
    select oprname as name, provolatile::text as volatility, oprkind = 'l' as prefix
    from pg_operator o join pg_proc p on p.oid = oprcode where oprnamespace = 'pg_catalog'::regnamespace`
  const named = await sql<{ name: string }[]>`
    select typname as name from pg_type
    where typnamespace = 'pg_catalog'::regnamespace and typtype in ('b', 'p', 'r', 'm', 'd') and typcategory <> 'A' and typname <> '_record'`
  types = named.map(({ name }) => name)
})

const overloads = (name: string) => functions.filter((f) => f.name === name)

describe('on this Postgres,', () => {
  it('every function that filters may call is there from the version that is stated', () => {
    const wrong = Object.entries(functionRules).filter(
      ([name, rule]) => overloads(name).length > 0 !== (rule.since ?? 14) <= major,
    )
    expect(wrong.map(([name]) => name)).toEqual([])
  })

  it('none of their overloads is volatile, an aggregate, or gives several rows', () => {
    const bad = Object.keys(functionRules)
      .flatMap(overloads)
      .filter((f) => f.kind !== 'f' || f.set || f.volatility === 'v')
      .map((f) => `${f.name}(${f.arguments})`)
    // Volatile in Postgres 14; filters take at time zone on what is known to be a timestamp only.
    expect(bad.filter((name) => !/^timezone\(text, time with time zone\)$/.test(name))).toEqual([])
  })

  it('they have overloads for the least and the most arguments that filters may give', () => {
    const wrong = Object.entries(functionRules).filter(([name, { args, since }]) => {
      if ((since ?? 14) > major) return false
      const takes = (n: number) => overloads(name).some((f) => f.fewest <= n && n <= f.most)
      return !takes(args[0]) || !takes(args[1])
    })
    // A second argument that only newer versions have: jsonb_strip_nulls(doc, true) is of 18.
    const newer = major < 18 ? ['jsonb_strip_nulls', 'timezone', 'regexp_match', 'date_trunc'] : []
    expect(wrong.map(([name]) => name).filter((name) => !newer.includes(name))).toEqual([])
  })

  it('every built-in function is allowed, or left out for a reason', () => {
    const undecided = functions.filter(
      (f) => !f.internal && !Object.hasOwn(functionRules, f.name) && whyLeftOut(f.name) === undefined,
    )
    expect([...new Set(undecided.map((f) => f.name))]).toEqual([])
  })

  it('every built-in operator is allowed, or left out for a reason', () => {
    const undecided = operators.filter(
      ({ name }) => !Object.hasOwn(operatorRules, name) && !Object.hasOwn(operatorsLeftOut, name),
    )
    expect(undecided).toEqual([])
  })

  it('every operator that filters may use is there, before or between values as stated', () => {
    for (const [name, rule] of Object.entries(operatorRules)) {
      const found = operators.filter((o) => o.name === name)
      expect(
        found.some((o) => o.prefix),
        `prefix ${name}`,
      ).toBe(rule.prefix !== undefined)
      expect(
        found.some((o) => !o.prefix),
        `infix ${name}`,
      ).toBe(rule.prefix !== 'only')
      expect(
        found.every((o) => o.volatility !== 'v'),
        name,
      ).toBe(true)
    }
  })

  it('every built-in type is allowed, or left out for a reason', () => {
    const undecided = types.filter((t) => !Object.hasOwn(typeRules, t) && whyTypeLeftOut(t) === undefined)
    expect(undecided).toEqual([])
  })
})
