// One raw node in, one checked node out: the dispatcher over the grammar's nodes, and the limits.

import { FilterError } from '../error.ts'
import { nearestLocation, open } from '../raw.ts'
import { maxDepth, maxNodes } from '../scope.ts'
import type { Checked, Scope } from '../scope.ts'
import { checkArray, checkCollate, checkRow, checkSubscript } from './array.ts'
import { checkCall, checkClock } from './call.ts'
import { checkCast } from './cast.ts'
import { checkColumn } from './column.ts'
import {
  checkBooleanTest,
  checkCase,
  checkCoalesce,
  checkExtreme,
  checkJsonTest,
  checkLogic,
  checkNullTest,
} from './condition.ts'
import { checkLiteral } from './literal.ts'
import { checkOperation } from './operator.ts'
import type { BaseTypes } from './type-name.ts'

/** Checks a whole expression. Throws FilterError for the first thing in it that is not allowed. */
export function checkExpression(scope: Omit<Scope, 'check'>, baseTypes: BaseTypes, root: unknown): Checked {
  let nodes = 0
  let depth = 0
  const whole: Scope = {
    ...scope,
    check(json) {
      const { type, body } = open(json, (l) => scope.position(l))
      const refuse = (message: string) =>
        new FilterError(message, { position: scope.position(nearestLocation({ type, body })) })
      if (++nodes > maxNodes) throw refuse(`the filter has more than ${maxNodes} parts`)
      if (++depth > maxDepth) throw refuse(`the filter is nested more than ${maxDepth} levels deep`)
      const checked = checkNode(whole, baseTypes, type, body)
      depth--
      return checked
    },
  }
  return whole.check(root)
}

function checkNode(
  scope: Scope,
  baseTypes: BaseTypes,
  type: string,
  body: Parameters<typeof checkCast>[2],
): Checked {
  switch (type) {
    case 'A_ArrayExpr':
      return checkArray(scope, body)
    case 'A_Const':
      return checkLiteral(scope, body)
    case 'A_Expr':
      return checkOperation(scope, body)
    case 'A_Indirection':
      return checkSubscript(scope, body)
    case 'BoolExpr':
      return checkLogic(scope, body)
    case 'BooleanTest':
      return checkBooleanTest(scope, body)
    case 'CaseExpr':
      return checkCase(scope, body)
    case 'CoalesceExpr':
      return checkCoalesce(scope, body)
    case 'CollateClause':
      return checkCollate(scope, body)
    case 'ColumnRef':
      return checkColumn(scope, body)
    case 'FuncCall':
      return checkCall(scope, body)
    case 'JsonIsPredicate':
      return checkJsonTest(scope, body)
    case 'MinMaxExpr':
      return checkExtreme(scope, body)
    case 'NullTest':
      return checkNullTest(scope, body)
    case 'RowExpr':
      return checkRow(scope, body)
    case 'SQLValueFunction':
      return checkClock(scope, body)
    case 'TypeCast':
      return checkCast(scope, baseTypes, body)
    default:
      throw new FilterError(`${type} is not allowed here`, {
        position: scope.position(nearestLocation({ type, body })),
      })
  }
}
