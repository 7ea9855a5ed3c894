// The forms of comparison: a = b, a in (b, c), a between b and c, a is distinct from b, nullif(a, b),
// of single values or of rows.

import { commonType, comparisonRaises, mixCollations, refuseMixedEnum } from '../comparison.ts'
import { FilterError } from '../error.ts'
import { list, open, text } from '../raw.ts'
import type { Body } from '../raw.ts'
import { operand, refuseAsOperand } from '../scope.ts'
import type { Checked, Scope } from '../scope.ts'
import { builtin, describe, someBuiltin } from '../static-type.ts'
import type { Expr } from '../tree.ts'
import {
  compareEnums,
  enumAmong,
  enumBetween,
  enumDistinct,
  enumIn,
  enumNullif,
  logic,
  refuseRowOrder,
} from './enum.ts'
import { operation, operatorName } from './operator-name.ts'

const bool = builtin('bool')

/** A comparison: as written, and what is planned in its place when an enum takes part. */
interface Comparison {
  expr: Expr
  raises: boolean
}

export function checkComparison(scope: Scope, name: string, body: Body, at: number | undefined): Checked {
  const { expr, raises } = compare(name, scope.check(body['lexpr']), scope.check(body['rexpr']), at)
  return operation(expr, at, bool, raises)
}

function compare(name: string, left: Checked, right: Checked, at: number | undefined): Comparison {
  const shown: Expr = placed({ kind: 'operator', name, left: left.expr, right: right.expr }, at)
  const pairs = pairsOf(left, right, at)
  const parts = pairs.map(([a, b]) => comparePair(name, a, b, at))
  const raises = parts.some((p) => p.raises)
  const of = enumAmong(...pairs.flat())
  if (of === null) return { expr: shown, raises }
  if (left.items !== undefined) refuseRowOrder(name, of, at)
  const planned = logic(
    name === '<>' ? 'or' : 'and',
    parts.map((p) => p.expr),
  )
  return { expr: { kind: 'on enum', shown, planned }, raises }
}

function comparePair(name: string, left: Checked, right: Checked, at: number | undefined): Comparison {
  const of = enumAmong(left, right)
  const expr: Expr =
    of === null
      ? placed({ kind: 'operator', name, left: left.expr, right: right.expr }, at)
      : compareEnums(of, name, left.expr, right.expr, at)
  return { expr, raises: comparisonRaises(left, right) }
}

/** The values that are compared with one another: of two rows their members, else the two. */
function pairsOf(left: Checked, right: Checked, at: number | undefined): [Checked, Checked][] {
  if (left.items === undefined || right.items === undefined) {
    refuseAsOperand(left)
    refuseAsOperand(right)
    refuseMixedEnum(left, right, at)
    return [[left, right]]
  }
  if (left.items.length !== right.items.length) {
    throw new FilterError('rows that are compared must have the same number of values', { position: at })
  }
  const others = right.items
  return left.items.flatMap((item, i) => pairsOf(item, others[i]!, at))
}

export function checkIn(scope: Scope, body: Body, at: number | undefined): Checked {
  const negated = operatorName(body, at) === '<>'
  const left = scope.check(body['lexpr'])
  const items = list(open(body['rexpr'], (l) => scope.position(l)).body, 'items').map((i) => scope.check(i))
  const comparisons = items.map((item) => compare('=', left, item, item.expr.at ?? at))
  // An in list is compared in one type that all its members share, so members judge each other too.
  if (left.items === undefined) commonType([left, ...items], 'in')
  const exprs = items.map((i) => i.expr)
  const shown: Expr = placed({ kind: 'in', negated, left: left.expr, items: exprs }, at)
  const raises = comparisons.some((c) => c.raises)
  return operation(inOfEnums(left, items, comparisons, shown, negated, at), at, bool, raises)
}

function inOfEnums(
  left: Checked,
  items: readonly Checked[],
  comparisons: readonly Comparison[],
  shown: Expr,
  negated: boolean,
  at: number | undefined,
): Expr {
  const of = enumAmong(left, ...items)
  if (of !== null) {
    const exprs = items.map((i) => i.expr)
    return { kind: 'on enum', shown, planned: enumIn(of, left.expr, exprs, negated, at) }
  }
  const members = [left, ...items].flatMap((row) => row.items ?? [])
  if (enumAmong(...members) === null) return shown
  if (left.items?.some((m) => m.expr.kind !== 'column' && !m.constant) === true) {
    throw new FilterError(
      'a row with an enum in it can only be looked for in a list when it is of plain columns',
      {
        position: left.expr.at ?? at,
      },
    )
  }
  const found = logic(
    'or',
    comparisons.map((c) => c.expr),
  )
  return { kind: 'on enum', shown, planned: negated ? { kind: 'not', arg: found } : found }
}

export function checkDistinct(scope: Scope, body: Body, at: number | undefined): Checked {
  const negated = text(body, 'kind') === 'AEXPR_NOT_DISTINCT'
  operatorName(body, at)
  const left = scope.check(body['lexpr'])
  const right = scope.check(body['rexpr'])
  const shown: Expr = placed({ kind: 'distinct', negated, left: left.expr, right: right.expr }, at)
  const pairs = pairsOf(left, right, at)
  const raises = pairs.map(([a, b]) => comparisonRaises(a, b)).includes(true)
  if (enumAmong(...pairs.flat()) === null) return operation(shown, at, bool, raises)
  const parts = pairs.map(([a, b]): Expr => {
    const of = enumAmong(a, b)
    return of === null
      ? placed({ kind: 'distinct', negated, left: a.expr, right: b.expr }, at)
      : enumDistinct(of, a.expr, b.expr, negated, at)
  })
  return operation(
    { kind: 'on enum', shown, planned: logic(negated ? 'and' : 'or', parts) },
    at,
    bool,
    raises,
  )
}

export function checkNullif(scope: Scope, body: Body, at: number | undefined): Checked {
  operatorName(body, at)
  const left = operand(scope, body['lexpr'])
  const right = operand(scope, body['rexpr'])
  refuseMixedEnum(left, right, at)
  const shown: Expr = placed({ kind: 'nullif', left: left.expr, right: right.expr }, at)
  const of = enumAmong(left, right)
  const expr: Expr =
    of === null ? shown : { kind: 'on enum', shown, planned: enumNullif(of, left.expr, right.expr, at) }
  const type = of ?? (left.type.kind === 'unknown' ? someBuiltin : left.type)
  return {
    ...operation(expr, at, type, comparisonRaises(left, right)),
    collation: mixCollations(left.collation, right.collation),
  }
}

export function checkBetween(scope: Scope, body: Body, at: number | undefined): Checked {
  const kind = text(body, 'kind')
  const left = operand(scope, body['lexpr'])
  const [lowJson, highJson] = list(open(body['rexpr'], (l) => scope.position(l)).body, 'items')
  const low = operand(scope, lowJson)
  const high = operand(scope, highJson)
  refuseMixedEnum(left, low, at)
  refuseMixedEnum(left, high, at)
  const form = { negated: kind.includes('NOT'), symmetric: kind.endsWith('SYM') }
  const shown: Expr = placed(
    { kind: 'between', ...form, left: left.expr, low: low.expr, high: high.expr },
    at,
  )
  const of = enumAmong(left, low, high)
  if (of !== null && left.type.kind !== 'enum') {
    throw new FilterError(
      `between has ${describe(of)} as a bound of an untyped literal: cast the literal to it`,
      {
        position: at,
      },
    )
  }
  const expr: Expr =
    of === null
      ? shown
      : { kind: 'on enum', shown, planned: enumBetween(of, [left.expr, low.expr, high.expr], form, at) }
  return operation(expr, at, bool, comparisonRaises(left, low) || comparisonRaises(left, high))
}

function placed(expr: Expr, at: number | undefined): Expr {
  return at === undefined ? expr : { ...expr, at }
}
