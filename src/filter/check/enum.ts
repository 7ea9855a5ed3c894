// Comparing enums without looking up an operator.
//
// `status = 'paid'` looks like a matter of pg_catalog's `=` for enums. But if the enum's owner has
// made an implicit cast to text, Postgres prefers that cast and `=` for text (a quoted literal
// counts as a string), and where both sides are the enum it calls the operator ambiguous. The
// functions beneath the operators (enum_eq, array_eq, arraycontains, …) have one overload each, over
// anyenum or anyarray, which no cast can join. in, between, is distinct from, nullif, case and any
// cannot name a function, so they are spelt out in terms of these; an operand that they repeat may
// not be large, or a few hundred characters could grow into gigabytes.

import { FilterError } from '../error.ts'
import type { Checked } from '../scope.ts'
import { describe } from '../static-type.ts'
import type { StaticType } from '../static-type.ts'
import type { Expr, UserType } from '../tree.ts'

type EnumType = StaticType & { kind: 'enum' }

const suffixes: Readonly<Record<string, string>> = {
  '=': 'eq',
  '<>': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
}

const containment: Readonly<Record<string, string>> = {
  '@>': 'arraycontains',
  '<@': 'arraycontained',
  '&&': 'arrayoverlap',
}

/** The enum that one of these is a value, or an array, of; null when none is. */
export function enumAmong(...values: readonly (Checked | null)[]): EnumType | null {
  for (const value of values) if (value?.type.kind === 'enum') return value.type
  return null
}

/** `left = right`, `<`, … and, of arrays, `@>`, `<@`, `&&`. */
export function compareEnums(
  of: EnumType,
  operator: string,
  left: Expr,
  right: Expr,
  at: number | undefined,
): Expr {
  const name = containment[operator] ?? `${of.array ? 'array' : 'enum'}_${suffixes[operator]!}`
  return placed(call(name, [left, right]), at)
}

/** `left in (…)`. */
export function enumIn(
  of: EnumType,
  left: Expr,
  items: readonly Expr[],
  negated: boolean,
  at: number | undefined,
): Expr {
  refuseLarge(left, items.length)
  const found = logic(
    'or',
    items.map((item) => compareEnums(of, '=', left, item, at)),
  )
  return negated ? { kind: 'not', arg: found } : found
}

/** `left is not distinct from right`, or `is distinct from`. */
export function enumDistinct(
  of: EnumType,
  left: Expr,
  right: Expr,
  same: boolean,
  at: number | undefined,
): Expr {
  refuseLarge(left, 2)
  refuseLarge(right, 2)
  const bothNull = logic('and', [isNull(left), isNull(right)])
  const equal: Expr = { kind: 'coalesce', args: [compareEnums(of, '=', left, right, at), bothNull] }
  return same ? equal : { kind: 'not', arg: equal }
}

/** `left between low and high`, in either order where symmetric. */
export function enumBetween(
  of: EnumType,
  [left, low, high]: readonly [Expr, Expr, Expr],
  { negated, symmetric }: { negated: boolean; symmetric: boolean },
  at: number | undefined,
): Expr {
  for (const operand of [left, low, high]) refuseLarge(operand, 4)
  const within = (from: Expr, to: Expr) =>
    logic('and', [compareEnums(of, '>=', left, from, at), compareEnums(of, '<=', left, to, at)])
  const inside = symmetric ? logic('or', [within(low, high), within(high, low)]) : within(low, high)
  return negated ? { kind: 'not', arg: inside } : inside
}

/** `nullif(left, right)`. */
export function enumNullif(of: EnumType, left: Expr, right: Expr, at: number | undefined): Expr {
  refuseLarge(left, 2)
  const equal = compareEnums(of, '=', left, right, at)
  return {
    kind: 'case',
    arg: null,
    whens: [{ when: equal, result: { kind: 'null' } }],
    otherwise: typed(of, left),
  }
}

/** The conditions of `case left when … when …`. */
export function enumWhens(of: EnumType, left: Expr, whens: readonly Expr[]): Expr[] {
  refuseLarge(left, whens.length)
  return whens.map((when) => compareEnums(of, '=', left, when, when.at))
}

/**
 * `left = any (right)`; its negation is `left <> all (right)`. An array that does not contain itself
 * holds a null, which makes "not found" unknown.
 */
export function enumAny(of: EnumType, left: Expr, right: Expr, at: number | undefined): Expr {
  const value = typed({ ...of, array: false }, left)
  const array = typed({ ...of, array: true }, right)
  refuseLarge(value, 2)
  refuseLarge(array, 4)
  const contains = (what: Expr) => placed(call('arraycontains', [array, what]), at)
  const isEmpty: Expr = {
    kind: 'operator',
    name: '=',
    left: call('cardinality', [array]),
    right: { kind: 'number', value: '0' },
  }
  const allKnown = logic('and', [contains(array), { kind: 'is null', negated: true, arg: value }])
  return {
    kind: 'case',
    arg: null,
    whens: [
      { when: contains({ kind: 'array', items: [value] }), result: { kind: 'boolean', value: true } },
      { when: logic('or', [isEmpty, allKnown]), result: { kind: 'boolean', value: false } },
    ],
    otherwise: null,
  }
}

/** A value of the enum, whatever stands around it: a literal gets its type by a cast. */
function typed(of: EnumType, expr: Expr): Expr {
  if (expr.kind !== 'string' && expr.kind !== 'null') return expr
  const user: UserType = { oid: of.oid, schema: of.schema, name: of.name }
  return placed({ kind: 'cast', arg: expr, type: { enum: user, array: of.array } }, expr.at)
}

const maxRepeated = 200

function refuseLarge(expr: Expr, copies: number): void {
  const size = sizeOf(expr)
  if (size <= 2 || size * copies <= maxRepeated) return
  throw new FilterError(
    'an expression of an enum that is this large can only be compared with = and its kin: cast it to text first',
    { position: expr.at },
  )
}

/** Number of nodes that the planner sees. */
function sizeOf(expr: unknown): number {
  if (typeof expr !== 'object' || expr === null) return 0
  if (Array.isArray(expr)) return expr.map(sizeOf).reduce((a, b) => a + b, 0)
  if ('planned' in expr) return sizeOf(expr.planned)
  return ('kind' in expr ? 1 : 0) + sizeOf(Object.values(expr))
}

/** Throws FilterError for an ordering of rows with an enum in it, which cannot be spelt out. */
export function refuseRowOrder(operator: string, of: EnumType, at: number | undefined): void {
  if (operator === '=' || operator === '<>') return
  throw new FilterError(`a row with ${describe(of)} in it has no order here: compare its values one by one`, {
    position: at,
  })
}

/** `a and b`, or just `a`. */
export function logic(operator: 'and' | 'or', args: Expr[]): Expr {
  const [only] = args
  return only !== undefined && args.length === 1 ? only : { kind: 'logic', operator, args }
}

function call(name: string, args: Expr[]): Expr {
  return { kind: 'call', name, args }
}

function isNull(arg: Expr): Expr {
  return { kind: 'is null', negated: false, arg }
}

function placed(expr: Expr, at: number | undefined): Expr {
  return at === undefined ? expr : { ...expr, at }
}
