// Boolean logic, tests, case, coalesce, greatest and least: what combines values without looking
// an operator up by the user's spelling.

import {
  commonType,
  comparisonRaises,
  conversionRaises,
  mixCollations,
  refuseMixedEnum,
} from '../comparison.ts'
import { FilterError } from '../error.ts'
import { inner, list, locationOf, open, text } from '../raw.ts'
import type { Body } from '../raw.ts'
import { operand } from '../scope.ts'
import type { Checked, Collation, Scope } from '../scope.ts'
import { builtin, describe } from '../static-type.ts'
import type { BooleanTest, Expr, JsonType } from '../tree.ts'
import { enumAmong, enumWhens } from './enum.ts'

const bool = builtin('bool')

/** A value that is checked to be usable as a condition: an enum or a row surely is none. */
function condition(scope: Scope, json: unknown): Checked {
  const checked = operand(scope, json)
  if (checked.type.kind === 'enum') {
    throw new FilterError(`${describe(checked.type)} is not true or false: compare it`, {
      position: checked.expr.at,
    })
  }
  return checked
}

function result(expr: Expr, at: number | undefined, raises: boolean): Checked {
  return {
    expr: at === undefined ? expr : { ...expr, at },
    type: bool,
    raises,
    constant: false,
    collation: 'default',
  }
}

export function checkLogic(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const args = list(body, 'args').map((arg) => condition(scope, arg))
  const raises = args.some((a) => a.raises)
  const [first] = args
  switch (text(body, 'boolop')) {
    case 'NOT_EXPR':
      if (first === undefined) break
      return result({ kind: 'not', arg: first.expr }, at, raises)
    case 'AND_EXPR':
    case 'OR_EXPR': {
      const operator = text(body, 'boolop') === 'AND_EXPR' ? 'and' : 'or'
      // (a and b) and c is one list; so is a and (b and c), though the grammar keeps it apart.
      const flat = args.flatMap(({ expr }) =>
        expr.kind === 'logic' && expr.operator === operator ? expr.args : [expr],
      )
      return result({ kind: 'logic', operator, args: flat }, at, raises)
    }
  }
  throw new FilterError('this boolean expression is not understood', { position: at })
}

export function checkNullTest(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  // Any type at all: a null test looks at no value, and for a row only at its fields' nulls.
  const arg = scope.check(body['arg'])
  const negated = text(body, 'nulltesttype') === 'IS_NOT_NULL'
  return result({ kind: 'is null', negated, arg: arg.expr }, at, arg.raises)
}

const booleanTests: Readonly<Record<string, BooleanTest>> = {
  IS_TRUE: 'true',
  IS_NOT_TRUE: 'not true',
  IS_FALSE: 'false',
  IS_NOT_FALSE: 'not false',
  IS_UNKNOWN: 'unknown',
  IS_NOT_UNKNOWN: 'not unknown',
}

export function checkBooleanTest(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const arg = condition(scope, body['arg'])
  const test = booleanTests[text(body, 'booltesttype')]
  if (test === undefined) throw new FilterError('this test is not understood', { position: at })
  return result({ kind: 'is boolean', test, arg: arg.expr }, at, arg.raises)
}

const jsonTypes: Readonly<Record<string, JsonType>> = {
  JS_TYPE_ANY: 'any',
  JS_TYPE_OBJECT: 'object',
  JS_TYPE_ARRAY: 'array',
  JS_TYPE_SCALAR: 'scalar',
}

export function checkJsonTest(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const arg = operand(scope, body['expr'])
  const type = jsonTypes[text(body, 'item_type')]
  const format = inner(body, 'format')
  if (type === undefined || text(format, 'format_type') !== 'JS_FORMAT_DEFAULT') {
    throw new FilterError('this JSON test is not understood', { position: at })
  }
  const uniqueKeys = body['unique_keys'] === true
  return result({ kind: 'is json', type, uniqueKeys, arg: arg.expr }, at, true)
}

export function checkCase(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const arg = 'arg' in body ? caseArgument(scope, body['arg']) : null
  let raises = arg?.raises ?? false
  const branches = list(body, 'args').map((json) => {
    const branch = open(json, (l) => scope.position(l)).body
    const when = arg === null ? condition(scope, branch['expr']) : operand(scope, branch['expr'])
    if (arg !== null) refuseMixedEnum(arg, when, when.expr.at)
    raises ||= arg === null ? when.raises : comparisonRaises(arg, when)
    return { when, result: operand(scope, branch['result']) }
  })
  const otherwise = 'defresult' in body ? operand(scope, body['defresult']) : null
  const values = [...branches.map((b) => b.result), ...(otherwise === null ? [] : [otherwise])]
  const type = commonType(values, 'case')
  const form = (of: Expr | null, whens: readonly Expr[]): Expr => ({
    kind: 'case',
    arg: of,
    whens: branches.map((b, i) => ({ when: whens[i]!, result: b.result.expr })),
    otherwise: otherwise?.expr ?? null,
  })
  const whens = branches.map((b) => b.when.expr)
  const shown = form(arg?.expr ?? null, whens)
  const of = arg === null ? null : enumAmong(arg)
  const expr: Expr =
    arg === null || of === null
      ? shown
      : { kind: 'on enum', shown, planned: form(null, enumWhens(of, arg.expr, whens)) }
  return {
    ...result(expr, at, raises || conversionRaises(values, type)),
    type,
    collation: collationOf(values),
  }
}

// Postgres makes an untyped argument of a simple case text, whatever it is compared with.
function caseArgument(scope: Scope, json: unknown): Checked {
  const arg = operand(scope, json)
  return arg.type.kind === 'unknown' ? { ...arg, type: builtin('text') } : arg
}

export function checkCoalesce(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const args = list(body, 'args').map((arg) => operand(scope, arg))
  const type = commonType(args, 'coalesce')
  return {
    ...result({ kind: 'coalesce', args: args.map((a) => a.expr) }, at, conversionRaises(args, type)),
    type,
    collation: collationOf(args),
  }
}

export function checkExtreme(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const args = list(body, 'args').map((arg) => operand(scope, arg))
  const which = text(body, 'op') === 'IS_LEAST' ? 'least' : 'greatest'
  const type = commonType(args, which)
  const [first] = args
  const raises =
    conversionRaises(args, type) || (first !== undefined && args.some((a) => comparisonRaises(first, a)))
  return {
    ...result({ kind: 'extreme', which, args: args.map((a) => a.expr) }, at, raises),
    type,
    collation: collationOf(args),
  }
}

function collationOf(values: readonly Checked[]): Collation {
  return values.map((v) => v.collation).reduce(mixCollations, 'default')
}
