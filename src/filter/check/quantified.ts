// a = any (array), a <> all (array).

import { comparisonRaises, refuseMixedEnum } from '../comparison.ts'
import { FilterError } from '../error.ts'
import { refuseCostlyRegex } from '../pattern.ts'
import { text } from '../raw.ts'
import type { Body } from '../raw.ts'
import { operand } from '../scope.ts'
import type { Checked, Scope } from '../scope.ts'
import { builtin, describe, elementOf, someBuiltin, unknown } from '../static-type.ts'
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
  return operation(
    { kind: 'quantified', name, quantifier, left: left.expr, right: right.expr },
    at,
    bool,
    raises,
  )
}
