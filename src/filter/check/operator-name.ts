// What the checks of all operators share: which operator is meant, what it may be applied to, and
// the shape of their results.

import { operatorRules, operatorsLeftOut } from '../allow/operators.ts'
import type { OperatorRule } from '../allow/operators.ts'
import { FilterError } from '../error.ts'
import { names } from '../raw.ts'
import type { Body } from '../raw.ts'
import { operand } from '../scope.ts'
import type { Checked, Scope } from '../scope.ts'
import { describe } from '../static-type.ts'
import type { StaticType } from '../static-type.ts'
import type { Expr } from '../tree.ts'

/** The operator's bare name; refuses one that is qualified with anything but pg_catalog. */
export function operatorName(body: Body, at: number | undefined): string {
  const path = names(body, 'name') ?? []
  const name = path.at(-1) ?? ''
  if (path.length > 2 || (path.length === 2 && path[0] !== 'pg_catalog')) {
    throw new FilterError(
      `operator ${path.join('.')} is not built in: operators that users made are not allowed`,
      { position: at },
    )
  }
  return name
}

/** What the allow-list says of an operator. Throws FilterError when it is not there. */
export function ruleFor(name: string, at: number | undefined): OperatorRule {
  const rule = Object.hasOwn(operatorRules, name) ? operatorRules[name] : undefined
  if (rule !== undefined) return rule
  const because = operatorsLeftOut[name]
  throw new FilterError(
    because === undefined
      ? `operator ${name} is not a built-in one that filters may use; operators that users made are not allowed`
      : `operator ${name} is not allowed: ${because}`,
    { position: at },
  )
}

/** An operand of an operator that would look up a cast for an enum. */
export function plainOperand(scope: Scope, json: unknown, name: string, at: number | undefined): Checked {
  const checked = operand(scope, json)
  refuseEnum(checked, name, at)
  return checked
}

/** Throws FilterError for a value, or an array, of an enum. */
export function refuseEnum(checked: Checked, name: string, at: number | undefined): void {
  if (checked.type.kind !== 'enum') return
  throw new FilterError(`operator ${name} does not take ${describe(checked.type)}: cast it to text first`, {
    position: at ?? checked.expr.at,
  })
}

/** A checked operator: neither constant, nor of a collation of its own. */
export function operation(expr: Expr, at: number | undefined, type: StaticType, raises: boolean): Checked {
  return {
    expr: at === undefined ? expr : { ...expr, at },
    type,
    raises,
    constant: false,
    collation: 'default',
  }
}
