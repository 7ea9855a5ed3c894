// Which values may be compared with which, and whether comparing them can raise at run time.
//
// Surprises that make it raise: text of two different collations ("could not determine which
// collation to use"), numeric against a float (the conversion overflows), oid against int8.

import { FilterError } from './error.ts'
import { floats, instants, integers, texts, typeRules } from './allow/types.ts'
import { describe, elementOf, readsClock, same, scalarName } from './static-type.ts'
import type { StaticType } from './static-type.ts'
import type { Checked, Collation } from './scope.ts'

/** Throws FilterError when comparing the two would look up a cast that a user may have made. */
export function refuseMixedEnum(left: Checked, right: Checked, at: number | undefined): void {
  refuseFrozenClock(left, right.type)
  refuseFrozenClock(right, left.type)
  const sides: [Checked, Checked][] = [
    [left, right],
    [right, left],
  ]
  for (const [one, other] of sides) {
    if (one.type.kind !== 'enum') continue
    if (other.type.kind === 'unknown' || same(one.type, other.type)) continue
    throw new FilterError(
      `${describe(one.type)} can only be compared with itself and with quoted literals, not with ${describe(other.type)}; cast it to text first`,
      { position: at ?? one.expr.at },
    )
  }
}

/** Whether `left = right` (or `<`, …) may raise. Both have passed refuseMixedEnum. */
export function comparisonRaises(left: Checked, right: Checked): boolean {
  if (left.raises || right.raises) return true
  return pairRaises(left, right)
}

function pairRaises(left: Checked, right: Checked): boolean {
  const [a, b] = [left.type, right.type]
  if (a.kind === 'enum' || b.kind === 'enum') return false
  if (a.kind === 'unknown' && b.kind === 'unknown') return false
  if (a.kind === 'unknown') return !comparable(b) || !collates(left, right)
  if (b.kind === 'unknown') return !comparable(a) || !collates(left, right)
  if (a.kind !== 'builtin' || b.kind !== 'builtin' || a.array !== b.array) return true
  if (a.name === null || b.name === null || !comparable(a) || !comparable(b)) return true
  if (texts.has(a.name) && texts.has(b.name)) return !collates(left, right)
  if (a.name === b.name) return false
  if (a.array) return true
  return !convertsSafely(a.name, b.name, left.constant, right.constant)
}

function comparable(type: StaticType): boolean {
  return type.kind === 'builtin' && type.name !== null && typeRules[type.name]?.compares === true
}

function convertsSafely(a: string, b: string, aConstant: boolean, bConstant: boolean): boolean {
  const number = (name: string) => integers.has(name) || name === 'numeric'
  if (number(a) && number(b)) return true
  if (floats.has(a) && (floats.has(b) || integers.has(b))) return true
  if (floats.has(b) && integers.has(a)) return true
  if (floats.has(a) && b === 'numeric') return bConstant
  if (floats.has(b) && a === 'numeric') return aConstant
  if (instants.has(a) && instants.has(b)) return true
  return (
    [a, b].every((n) => n === 'inet' || n === 'cidr') || [a, b].every((n) => n === 'bit' || n === 'varbit')
  )
}

/** Two texts can be compared: at most one of them has a collation other than the default. */
export function collates(left: Checked, right: Checked): boolean {
  return mixCollations(left.collation, right.collation) !== 'conflict'
}

/** The collation of an expression over two others: the default yields, as Postgres has it. */
export function mixCollations(a: Collation, b: Collation): Collation {
  if (a === b || b === 'default') return a
  return a === 'default' ? b : 'conflict'
}

/** Text matching (like) raises under a nondeterministic collation: only these surely are none. */
export function isDeterministic(collation: Collation): boolean {
  return collation === 'default' || collation === 'C'
}

/**
 * The type that values share in case, coalesce, greatest, array[…] and in lists; null for
 * "built-in, but which one only the planner knows". Throws when an enum meets anything else.
 */
export function commonType(values: readonly Checked[], what: string): StaticType {
  const typed = values.filter((v) => v.type.kind !== 'unknown')
  const [first] = typed
  // Untyped literals alone become text, also where an enum would be wanted later.
  if (first === undefined) return { kind: 'builtin', name: 'text', array: false }
  for (const value of typed) {
    if (first.type.kind !== 'enum' && value.type.kind !== 'enum') continue
    if (same(first.type, value.type)) continue
    throw new FilterError(
      `${what} mixes ${describe(first.type)} with ${describe(value.type)}; cast the enum to text first`,
      { position: value.expr.at },
    )
  }
  for (const value of values) refuseFrozenClock(value, first.type)
  if (typed.every((v) => same(v.type, first.type))) return first.type
  const numbers = typed.map((v) => scalarName(v.type))
  if (numbers.every((n) => n !== null && integers.has(n))) {
    return {
      kind: 'builtin',
      name: ['int8', 'int4'].find((n) => numbers.includes(n)) ?? 'int2',
      array: false,
    }
  }
  if (numbers.every((n) => n !== null && (integers.has(n) || n === 'numeric'))) {
    return { kind: 'builtin', name: 'numeric', array: false }
  }
  return { kind: 'builtin', name: null, array: false }
}

/** Whether bringing values to their common type may raise: only exact numbers are known not to. */
export function conversionRaises(values: readonly Checked[], common: StaticType): boolean {
  return values.some((v) => v.raises) || (common.kind === 'builtin' && common.name === null)
}

/**
 * 'now', 'today', … read as a date or time are evaluated when the filter is planned, once, and
 * would then stand still for as long as the plan lives. Throws FilterError for such a literal.
 */
export function refuseFrozenClock(value: Checked, type: StaticType): void {
  if (value.expr.kind !== 'string') return
  if (!readsClock(elementOf(type) ?? type)) return
  const word = /now|today|tomorrow|yesterday/i.exec(value.expr.value)
  if (word === null) return
  throw new FilterError(
    `'${word[0].toLowerCase()}' would be read once, when the filter is planned, and then stand still; backfill and replay filters may use now() and current_date`,
    { position: value.expr.at },
  )
}
