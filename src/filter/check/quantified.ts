// a = any (array), a <> all (array).

import { comparisonRaises, refuseMixedEnum } from '../comparison.ts'
import { FilterError } from '../error.ts'
import { refuseCostlyRegex } from '../pattern.ts'
import { text } from '../raw.ts'
import type { Body } from '../raw.ts'
import { operand } from '../scope.ts'
import type { Checked, Scope } from '../scope.ts'
import type { Expr } from '../tree.ts'
import { builtin, describe, elementOf, someBuiltin, unknown } from '../static-type.ts'
import { enumAmong, enumAny } from './enum.ts'
import { operation, operatorName, refuseEnum, ruleFor } from './operator-name.ts'

const bool = builtin('bool')

export function checkQuantified(scope: Scope, body: Body, at: number | undefined): Checked {
  const name = operatorName(body, at)
  const rule = ruleFor(name, at)
  if (rule.prefix === 'only')
    throw new FilterError(`operator ${name} stands in front of one value`, { position: at })
  const quantifier = text(body, 'kind') === 'AEXPR_OP_ANY' ? 'any' : 'all'
  const left = operand(scope, body['lexpr'])
  const right = operand(scope, body['rexpr'])
  if (right.type.kind === 'enum' && !right.type.array) {
    throw new FilterError(`${quantifier} needs an array on its right, not ${describe(right.type)}`, {
      position: at,
    })
  }
  if (rule.use !== 'comparison') {
    refuseEnum(left, name, at)
    refuseEnum(right, name, at)
  }
  if (rule.use === 'regex') refuseCostlyRegex(right)
  if (rule.use === 'jsonpath' || rule.use === 'match') {
    throw new FilterError(`operator ${name} cannot be used with ${quantifier}`, { position: at })
  }
  const element: Checked = {
    ...right,
    type: right.type.kind === 'unknown' ? unknown : (elementOf(right.type) ?? someBuiltin),
  }
  if (rule.use === 'comparison') refuseMixedEnum(left, element, at)
  const raises = left.raises || right.raises || rule.use !== 'comparison' || comparisonRaises(left, element)
  const written: Expr = { kind: 'quantified', name, quantifier, left: left.expr, right: right.expr }
  const shown: Expr = at === undefined ? written : { ...written, at }
  return operation(ofEnum(name, quantifier, left, right, shown, at), at, bool, raises)
}

function ofEnum(
  name: string,
  quantifier: 'any' | 'all',
  left: Checked,
  right: Checked,
  shown: Expr,
  at: number | undefined,
): Expr {
  const of = enumAmong(left, right)
  if (of === null) return shown
  const found = enumAny(of, left.expr, right.expr, at)
  if (quantifier === 'any' && name === '=') return { kind: 'on enum', shown, planned: found }
  if (quantifier === 'all' && name === '<>')
    return { kind: 'on enum', shown, planned: { kind: 'not', arg: found } }
  throw new FilterError(`of ${quantifier} with an enum there is only = any and <> all`, { position: at })
}
