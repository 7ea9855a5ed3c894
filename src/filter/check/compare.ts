// The forms of comparison: a = b, a in (b, c), a between b and c, a is distinct from b, nullif(a, b),
// of single values or of rows.

import { commonType, comparisonRaises, mixCollations, refuseMixedEnum } from '../comparison.ts'
import { FilterError } from '../error.ts'
import { list, open, text } from '../raw.ts'
import type { Body } from '../raw.ts'
import { operand, refuseAsOperand } from '../scope.ts'
import type { Checked, Scope } from '../scope.ts'
import { builtin, someBuiltin } from '../static-type.ts'
import { operation, operatorName } from './operator-name.ts'

const bool = builtin('bool')

export function checkComparison(scope: Scope, name: string, body: Body, at: number | undefined): Checked {
  const left = scope.check(body['lexpr'])
  const right = scope.check(body['rexpr'])
  const raises = compare(left, right, at)
  return operation({ kind: 'operator', name, left: left.expr, right: right.expr }, at, bool, raises)
}

/** Checks that two values, or two rows of values, may be compared; whether that may raise. */
function compare(left: Checked, right: Checked, at: number | undefined): boolean {
  if (left.items === undefined || right.items === undefined) {
    refuseAsOperand(left)
    refuseAsOperand(right)
    refuseMixedEnum(left, right, at)
    return comparisonRaises(left, right)
  }
  if (left.items.length !== right.items.length) {
    throw new FilterError('rows that are compared must have the same number of values', { position: at })
  }
  const others = right.items
  return left.items.map((item, i) => compare(item, others[i]!, at)).includes(true)
}

export function checkIn(scope: Scope, body: Body, at: number | undefined): Checked {
  const negated = operatorName(body, at) === '<>'
  const left = scope.check(body['lexpr'])
  const items = list(open(body['rexpr'], (l) => scope.position(l)).body, 'items').map((i) => scope.check(i))
  const raises = items.map((item) => compare(left, item, item.expr.at)).includes(true)
  // An in list is compared in one type that all its members share, so members judge each other too.
  if (left.items === undefined) commonType([left, ...items], 'in')
  return operation(
    { kind: 'in', negated, left: left.expr, items: items.map((i) => i.expr) },
    at,
    bool,
    raises,
  )
}

export function checkDistinct(scope: Scope, body: Body, at: number | undefined): Checked {
  const negated = text(body, 'kind') === 'AEXPR_NOT_DISTINCT'
  operatorName(body, at)
  const left = scope.check(body['lexpr'])
  const right = scope.check(body['rexpr'])
  const raises = compare(left, right, at)
  return operation({ kind: 'distinct', negated, left: left.expr, right: right.expr }, at, bool, raises)
}

export function checkNullif(scope: Scope, body: Body, at: number | undefined): Checked {
  operatorName(body, at)
  const left = operand(scope, body['lexpr'])
  const right = operand(scope, body['rexpr'])
  refuseMixedEnum(left, right, at)
  const type = left.type.kind === 'unknown' ? someBuiltin : left.type
  return {
    ...operation(
      { kind: 'nullif', left: left.expr, right: right.expr },
      at,
      type,
      comparisonRaises(left, right),
    ),
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
  return operation(
    {
      kind: 'between',
      negated: kind.includes('NOT'),
      symmetric: kind.endsWith('SYM'),
      left: left.expr,
      low: low.expr,
      high: high.expr,
    },
    at,
    bool,
    comparisonRaises(left, low) || comparisonRaises(left, high),
  )
}
