// Operators, in every shape the grammar gives them. Also decides which of them may raise.

import type { OperatorRule } from '../allow/operators.ts'
import { instants, integers } from '../allow/types.ts'
import { comparisonRaises, refuseFrozenClock, refuseMixedEnum } from '../comparison.ts'
import { FilterError } from '../error.ts'
import { refuseCostlyJsonpath, refuseCostlyRegex } from '../pattern.ts'
import { locationOf, text } from '../raw.ts'
import type { Body } from '../raw.ts'
import { operand } from '../scope.ts'
import type { Checked, Scope } from '../scope.ts'
import { builtin, elementOf, scalarName, someBuiltin } from '../static-type.ts'
import type { StaticType } from '../static-type.ts'
import type { Expr, LikeOperator } from '../tree.ts'
import { checkBetween, checkComparison, checkDistinct, checkIn, checkNullif } from './compare.ts'
import { compareEnums, enumAmong } from './enum.ts'
import { checkLike, checkSimilar, isSimilar } from './like.ts'
import { operation, operatorName, plainOperand, refuseEnum, ruleFor } from './operator-name.ts'
import { checkQuantified } from './quantified.ts'

const bool = builtin('bool')

export function checkOperation(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const kind = text(body, 'kind')
  switch (kind) {
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return 'lexpr' in body ? infix(scope, body, at) : prefix(scope, body, at)
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return checkQuantified(scope, body, at)
    case 'AEXPR_IN':
      return checkIn(scope, body, at)
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return checkDistinct(scope, body, at)
    case 'AEXPR_NULLIF':
      return checkNullif(scope, body, at)
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return checkBetween(scope, body, at)
  }
  throw new FilterError('this operator is not understood', { position: at })
}

function prefix(scope: Scope, body: Body, at: number | undefined): Checked {
  const name = operatorName(body, at)
  const rule = ruleFor(name, at)
  if (rule.prefix === undefined) {
    throw new FilterError(`operator ${name} needs a value on its left`, { position: at })
  }
  const right = plainOperand(scope, body['rexpr'], name, at)
  // `- 5` as an operator on a constant reads back as the literal -5: one spelling for one meaning.
  if (name === '-' && right.expr.kind === 'number') {
    const value = right.expr.value.startsWith('-') ? right.expr.value.slice(1) : `-${right.expr.value}`
    return { ...right, expr: { ...right.expr, value } }
  }
  return operation({ kind: 'operator', name, left: null, right: right.expr }, at, someBuiltin, true)
}

function infix(scope: Scope, body: Body, at: number | undefined): Checked {
  const name = operatorName(body, at)
  const rule = ruleFor(name, at)
  if (rule.prefix === 'only')
    throw new FilterError(`operator ${name} stands in front of one value`, { position: at })
  if (rule.use === 'comparison') return checkComparison(scope, name, body, at)
  if (rule.use === 'regex' && isSimilar(body)) return checkSimilar(scope, name === '!~', body, at)
  if (rule.use === 'like') return checkLike(scope, name as LikeOperator, body, at)
  const containment = rule.use === 'containment'
  const left = containment ? operand(scope, body['lexpr']) : plainOperand(scope, body['lexpr'], name, at)
  const right = containment ? operand(scope, body['rexpr']) : plainOperand(scope, body['rexpr'], name, at)
  if (containment) {
    refuseScalarEnum(left, name, at)
    refuseScalarEnum(right, name, at)
    refuseMixedEnum(left, right, at)
  }
  if (rule.use === 'regex') refuseCostlyRegex(right)
  if (rule.use === 'jsonpath') refuseCostlyJsonpath(right)
  if (rule.use === 'match') checkMatch(left, right, at)
  refuseFrozenClock(left, right.type)
  refuseFrozenClock(right, left.type)
  const type = rule.gives === undefined ? resultOf(name, left.type, right.type) : builtin(rule.gives)
  const raises = left.raises || right.raises || !neverRaises(name, rule, left, right)
  const written: Expr = { kind: 'operator', name, left: left.expr, right: right.expr }
  const shown: Expr = at === undefined ? written : { ...written, at }
  const of = enumAmong(left, right)
  const planned = of === null ? null : compareEnums(of, name, left.expr, right.expr, at)
  return operation(planned === null ? shown : { kind: 'on enum', shown, planned }, at, type, raises)
}

// Beside arrays there are ranges, which users can make over their enums, with functions of theirs.
function refuseScalarEnum(side: Checked, name: string, at: number | undefined): void {
  if (side.type.kind === 'enum' && !side.type.array) refuseEnum(side, name, at)
}

function checkMatch(left: Checked, right: Checked, at: number | undefined): void {
  const [a, b] = [scalarName(left.type), scalarName(right.type)]
  if (a === 'jsonb') return refuseCostlyJsonpath(right)
  if (a === 'tsvector' || (a === 'tsquery' && b === 'tsvector')) return
  throw new FilterError(
    '@@ needs a tsvector or jsonb column on its left: on text it would use the text search configuration that the writer has set',
    { position: at },
  )
}

/** Operators besides comparisons that cannot raise on the types at hand. */
function neverRaises(name: string, rule: OperatorRule, left: Checked, right: Checked): boolean {
  const [a, b] = [scalarName(left.type), scalarName(right.type)]
  if (rule.use === 'containment') {
    if (name === '&&' && a === 'tsquery') return false
    return a === 'jsonb' ? b === 'jsonb' || right.type.kind === 'unknown' : overlapsSafely(left, right)
  }
  // On json, unlike jsonb, a path may run into text that cannot be unescaped (\u0000).
  if (rule.use !== 'json' || a !== 'jsonb') return false
  if (right.type.kind === 'unknown') return true
  if (name === '->' || name === '->>') return b === 'text' || b === 'int4' || b === 'int2'
  return right.type.kind === 'builtin' && right.type.array && right.type.name === 'text'
}

function overlapsSafely(left: Checked, right: Checked): boolean {
  if (left.type.kind === 'enum' || right.type.kind === 'enum') return true
  const array = elementOf(left.type) ?? elementOf(right.type)
  return array !== null && !comparisonRaises(left, right)
}

/** The result's type where operands tell it. */
function resultOf(name: string, left: StaticType, right: StaticType): StaticType {
  const [a, b] = [scalarName(left), scalarName(right)]
  if (name === '->' || name === '#>') return a === null ? someBuiltin : builtin(a)
  if (name === '&&' && a !== 'tsquery' && b !== 'tsquery')
    return a === null && elementOf(left) === null ? someBuiltin : bool
  if (
    ['+', '-', '*', '/', '%'].includes(name) &&
    a !== null &&
    b !== null &&
    integers.has(a) &&
    integers.has(b)
  ) {
    return builtin(['int8', 'int4'].find((n) => n === a || n === b) ?? 'int2')
  }
  if (name === '+' || name === '-')
    return shifted(a, b) ?? (name === '+' ? shifted(b, a) : null) ?? someBuiltin
  return someBuiltin
}

/** A date or timestamp, moved by an interval. */
function shifted(from: string | null, by: string | null): StaticType | null {
  if (from === null || by !== 'interval' || !instants.has(from)) return null
  return builtin(from === 'date' ? 'timestamp' : from)
}
