// Function calls, and the clock. Only names of functions.ts pass, and always as pg_catalog's.

import { functionRules } from '../allow/functions.ts'
import type { FunctionRule } from '../allow/functions.ts'
import { whyLeftOut } from '../allow/left-out.ts'
import { instants, integers } from '../allow/types.ts'
import { FilterError } from '../error.ts'
import { refuseCostlyJsonpath, refuseCostlyRegex } from '../pattern.ts'
import { list, locationOf, names, text } from '../raw.ts'
import type { Body } from '../raw.ts'
import { refuseAsOperand } from '../scope.ts'
import type { Checked, Scope } from '../scope.ts'
import { builtin, describe, scalarName, someBuiltin } from '../static-type.ts'
import type { StaticType } from '../static-type.ts'
import { didYouMean } from '../suggest.ts'

export function checkCall(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const name = functionName(body, at)
  const rule = Object.hasOwn(functionRules, name) ? functionRules[name] : undefined
  if (rule === undefined) throw refusal(name, at)
  if (rule.clock === true) useClock(scope, `${name}()`, at)
  const args = list(body, 'args').map((arg) => scope.check(arg))
  refuseCount(name, rule, args.length, at)
  for (const [i, arg] of args.entries()) refuseArgument(name, rule, arg, i)
  checkPatterns(name, rule, args)
  if (rule.timestamp === true) refuseTimeOfDay(name, args)
  const type = rule.gives === undefined ? resultOf(name, args) : builtin(rule.gives)
  return {
    expr: { kind: 'call', name, args: args.map((a) => a.expr), ...(at === undefined ? {} : { at }) },
    type,
    raises: args.some((a) => a.raises) || !neverRaises(rule, args),
    constant: false,
    collation: 'default',
  }
}

function functionName(body: Body, at: number | undefined): string {
  const path = names(body, 'funcname') ?? []
  if (path.length > 1 && (path.length > 2 || path[0] !== 'pg_catalog')) {
    throw new FilterError(
      `function ${path.join('.')} is not built in: functions that users made are not allowed`,
      {
        position: at,
      },
    )
  }
  return path.at(-1) ?? ''
}

function refusal(name: string, at: number | undefined): FilterError {
  const because = whyLeftOut(name)
  return new FilterError(
    because === undefined
      ? `function ${name} is not a built-in one that filters may use${didYouMean(name, Object.keys(functionRules))}`
      : `function ${name} is not allowed: ${because}`,
    { position: at },
  )
}

function refuseCount(name: string, rule: FunctionRule, given: number, at: number | undefined): void {
  const [fewest, most] = rule.args
  if (given >= fewest && given <= most) return
  const wanted = fewest === most ? `${fewest}` : `${fewest} to ${most}`
  throw new FilterError(
    `function ${name} takes ${wanted} argument${wanted === '1' ? '' : 's'} here, not ${given}`,
    {
      position: at,
    },
  )
}

function refuseArgument(name: string, rule: FunctionRule, arg: Checked, index: number): void {
  if (rule.takes === 'anything' && arg.type.kind === 'opaque') return
  refuseAsOperand(arg)
  if (arg.type.kind !== 'enum') return
  if (rule.takes === 'printed' || rule.takes === 'anything') return
  if (rule.takes === 'enums' && (index > 0 || arg.type.array)) return
  throw new FilterError(`function ${name} does not take ${describe(arg.type)}: cast it to text first`, {
    position: arg.expr.at,
  })
}

function checkPatterns(name: string, rule: FunctionRule, args: readonly Checked[]): void {
  if (rule.regex !== undefined) refuseCostlyRegex(args[rule.regex - 1]!)
  if (rule.jsonpath !== undefined) refuseCostlyJsonpath(args[rule.jsonpath - 1]!)
  if (rule.takes === 'enums') refuseMixedElement(name, args)
  if (rule.regexOrNumber === undefined) return
  const arg = args[rule.regexOrNumber - 1]!
  if (!integers.has(scalarName(arg.type) ?? '')) refuseCostlyRegex(arg)
}

// array_position(enum[], text) would look for a cast from one to the other.
function refuseMixedElement(name: string, args: readonly Checked[]): void {
  const [array, element] = args
  if (array === undefined || element === undefined) return
  if (element.type.kind === 'unknown') return
  const fits =
    array.type.kind === 'enum'
      ? (element.type.kind === 'enum' && element.type.oid === array.type.oid && !element.type.array) ||
        isNumber(element.type)
      : element.type.kind !== 'enum'
  if (fits) return
  throw new FilterError(
    `function ${name} cannot mix ${describe(array.type)} with ${describe(element.type)}`,
    {
      position: element.expr.at,
    },
  )
}

// Daylight saving makes what a time of day means elsewhere depend on the day it is asked.
function refuseTimeOfDay(name: string, args: readonly Checked[]): void {
  const arg = args.at(-1)!
  if (arg.type.kind === 'unknown' || instants.has(scalarName(arg.type) ?? '')) return
  throw new FilterError(
    `${name === 'timezone' ? 'at time zone' : name} needs a value that is known to be a timestamp: cast it, as in x::timestamp at time zone 'UTC'`,
    { position: arg.expr.at },
  )
}

/** The result's type where it follows from the arguments, and something depends on knowing it. */
function resultOf(name: string, args: readonly Checked[]): StaticType {
  const last = scalarName(args.at(-1)?.type ?? someBuiltin)
  if (name === 'timezone') return builtin(last === 'timestamp' ? 'timestamptz' : 'timestamp')
  const truncated = scalarName(args[1]?.type ?? someBuiltin)
  if (name === 'date_trunc' && truncated !== null) {
    return builtin(truncated === 'date' ? 'timestamptz' : truncated)
  }
  return someBuiltin
}

// array_length(enum[], 1): the second argument is a dimension. An int4 is also no element that
// could be cast to an enum without a cast that a user made, and array_position would look for one.
function isNumber(type: StaticType): boolean {
  return integers.has(scalarName(type) ?? '')
}

function neverRaises(rule: FunctionRule, args: readonly Checked[]): boolean {
  const on = rule.neverRaisesOn
  if (on === undefined) return false
  const [first, ...rest] = args
  if (first === undefined || on.includes('anything')) return true
  const fits =
    (first.type.kind === 'enum' && first.type.array && on.includes('array')) ||
    (first.type.kind === 'builtin' &&
      (first.type.array ? on.includes('array') : on.includes(first.type.name ?? '')))
  return fits && rest.every((arg) => arg.constant)
}

/** `current_date` and `current_timestamp`; every other value of this node is about the session. */
export function checkClock(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const op = text(body, 'op')
  const name =
    op === 'SVFOP_CURRENT_DATE'
      ? 'current_date'
      : op === 'SVFOP_CURRENT_TIMESTAMP'
        ? 'current_timestamp'
        : null
  if (name === null) {
    const written = op.replace(/^SVFOP_|_N$/g, '').toLowerCase()
    const quoted = [...scope.columns.keys()].includes(written)
      ? `; for the column of that name write ${JSON.stringify(written)}, with the quotes`
      : ''
    const because = /TIME/.test(op)
      ? 'only now(), current_timestamp and current_date give the time, without a precision'
      : 'it tells about the session, not about the row'
    throw new FilterError(`${written} is not allowed: ${because}${quoted}`, { position: at })
  }
  useClock(scope, name, at)
  return {
    expr: { kind: 'clock', name, ...(at === undefined ? {} : { at }) },
    type: builtin(name === 'current_date' ? 'date' : 'timestamptz'),
    raises: false,
    constant: false,
    collation: 'default',
  }
}

function useClock(scope: Scope, name: string, at: number | undefined): void {
  if (!scope.allowNow) {
    throw new FilterError(
      `${name} is only allowed in backfill and replay filters: here the answer would change without the row changing`,
      { position: at },
    )
  }
  scope.used.clock = true
}
