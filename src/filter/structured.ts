// The structured form, for programs and forms: {"column", "field_path"?, "operator", "value"},
// and-ed as a list. It builds the same raw nodes that the grammar makes, never text, and then goes
// the same way through the checks and the printer.
//
// Values inside JSON are compared by what they are in the document. A string compares with the
// text of what stands at the path. A number or boolean compares with JSON numbers or booleans only:
// anything else there is null, hence no match, rather than an error of a cast.

import { FilterError } from './error.ts'
import { texts } from './allow/types.ts'
import type { FilterColumn } from './scope.ts'
import { scalarName } from './static-type.ts'
import type { StaticType } from './static-type.ts'
import { findUnreadable, maxCharacters } from './source.ts'
import { didYouMean } from './suggest.ts'

const operators = ['=', '!=', '>', '<', '>=', '<=', 'in', 'not_in', 'is_null', 'is_not_null', 'like'] as const

export type StructuredOperator = (typeof operators)[number]

/** One condition on one column. */
export interface StructuredFilter {
  /** The column's name, exactly. */
  column: string
  /** Into a json or jsonb column: keys and array indices, joined by dots (`items.0.sku`). */
  field_path?: string | null
  operator: StructuredOperator
  /** A list for in and not_in; left out for is_null and is_not_null. */
  value?: unknown
}

type Node = Readonly<Record<string, unknown>>
type Scalar = string | number | boolean

/** Builds the raw expression. Throws FilterError with the `path` of the field that is wrong. */
export function buildStructured(
  input: StructuredFilter | readonly StructuredFilter[],
  columns: ReadonlyMap<string, FilterColumn>,
  typeOf: (column: FilterColumn) => StaticType,
): Node {
  const characters = Array.from(JSON.stringify(input)).length
  if (characters > maxCharacters) {
    throw new FilterError(`the filter has ${characters} characters as JSON; the most is ${maxCharacters}`)
  }
  if (!Array.isArray(input)) return condition(input as StructuredFilter, '', columns, typeOf)
  if (input.length === 0) {
    throw new FilterError('the list of conditions is empty: leave the filter out to match every row')
  }
  const args = input.map((one: StructuredFilter, i) => condition(one, `[${i}]`, columns, typeOf))
  return args.length === 1 ? args[0]! : { BoolExpr: { boolop: 'AND_EXPR', args } }
}

const known = new Set(['column', 'field_path', 'operator', 'value'])

function condition(
  input: StructuredFilter,
  path: string,
  columns: ReadonlyMap<string, FilterColumn>,
  typeOf: (column: FilterColumn) => StaticType,
): Node {
  const fail = (field: string, message: string) =>
    new FilterError(message, { path: field === '' ? path : `${path}.${field}` })
  if (typeof input !== 'object' || input === null) {
    throw fail('', 'a condition is an object with column, operator and value')
  }
  const extra = Object.keys(input).find((key) => !known.has(key))
  if (extra !== undefined) throw fail(extra, `${extra} is not a field of a condition`)
  if (!operators.includes(input.operator)) {
    throw fail('operator', `operator has to be one of ${operators.join(', ')}`)
  }
  const column = columns.get(input.column)
  if (column === undefined) {
    throw fail(
      'column',
      `column ${JSON.stringify(input.column)} does not exist${didYouMean(String(input.column), columns.keys())}`,
    )
  }
  refuseUnreadable(Array.isArray(input.value) ? input.value : [input.value], (m) => fail('value', m))
  const type = scalarName(typeOf(column))
  const json = type === 'json' || type === 'jsonb'
  if (input.field_path !== undefined && input.field_path !== null) {
    if (!json) throw fail('field_path', `column ${column.name} is not json or jsonb, so it has no fields`)
    const keys = String(input.field_path).split('.')
    refuseUnreadable(keys, (m) => fail('field_path', m))
    if (keys.includes(''))
      throw fail('field_path', 'field_path is keys joined by single dots, as in items.0.sku')
    return inJson(input, reference(column), keys, type, (m) => fail('value', m))
  }
  const target = reference(column)
  const test = nullTest(input, target, (m) => fail('value', m))
  if (test !== null) return test
  if (type === 'json')
    throw fail('operator', `${column.name} is json, which has no comparison: give a field_path`)
  if (type === 'jsonb')
    return compare(
      input,
      target,
      (value) => jsonb(value),
      (m) => fail('value', m),
      () => true,
    )
  const scalar = (value: unknown): value is Scalar =>
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value))
  const literal = (value: unknown) => {
    if (typeof value !== 'string' && type !== null && texts.has(type)) {
      throw fail('value', `value has to be a string, because column ${column.name} is ${type}`)
    }
    return constant(value as Scalar)
  }
  return compare(input, target, literal, (m) => fail('value', m), scalar)
}

type Fail = (message: string) => FilterError

function inJson(input: StructuredFilter, column: Node, keys: string[], type: string, fail: Fail): Node {
  const path = { A_ArrayExpr: { elements: keys.map((key) => constant(key)) } }
  const asText = operation('#>>', column, path)
  const test = nullTest(input, asText, fail)
  if (test !== null) return test
  const values = Array.isArray(input.value) ? (input.value as unknown[]) : [input.value]
  const kinds = new Set(values.map((v) => typeof v))
  const [kind] = kinds
  if (kinds.size !== 1 || (kind !== 'string' && kind !== 'number' && kind !== 'boolean')) {
    throw fail('value has to be a string, number or boolean (or a list of one of these kinds)')
  }
  if (values.some((v) => typeof v === 'number' && !Number.isFinite(v)))
    throw fail('value has to be a finite number')
  if (kind === 'string')
    return compare(
      input,
      asText,
      (v) => constant(v as string),
      fail,
      () => true,
    )
  const there = operation('#>', column, path)
  // jsonb compares its numbers exactly and without a cast that could raise; json has no comparison.
  const found = type === 'jsonb' ? there : cast(asText, kind === 'number' ? 'numeric' : 'bool')
  const comparison = compare(
    input,
    found,
    (v) => (type === 'jsonb' ? jsonb(v) : constant(v as Scalar)),
    fail,
    () => true,
  )
  const isOfKind = operation('=', call(`${type}_typeof`, [there]), constant(kind))
  return { CaseExpr: { args: [{ CaseWhen: { expr: isOfKind, result: comparison } }] } }
}

function refuseUnreadable(values: readonly unknown[], fail: Fail): void {
  for (const value of values) {
    const unreadable = typeof value === 'string' ? findUnreadable(value) : null
    if (unreadable !== null) throw fail(`this holds ${unreadable.what}`)
    // Rounded before anybody saw it, it would match another row.
    if (Number.isFinite(value) && Math.abs(value as number) > Number.MAX_SAFE_INTEGER) {
      throw fail('a number beyond 2^53 is rounded on its way here; give it as a string')
    }
  }
}

function nullTest(input: StructuredFilter, target: Node, fail: Fail): Node | null {
  if (input.operator !== 'is_null' && input.operator !== 'is_not_null') return null
  if (input.value !== undefined && input.value !== null) throw fail(`${input.operator} takes no value`)
  return { NullTest: { arg: target, nulltesttype: input.operator === 'is_null' ? 'IS_NULL' : 'IS_NOT_NULL' } }
}

function compare(
  input: StructuredFilter,
  target: Node,
  literal: (value: unknown) => Node,
  fail: Fail,
  accepts: (value: unknown) => boolean,
): Node {
  const { operator, value } = input
  if (operator === 'in' || operator === 'not_in') {
    if (!Array.isArray(value) || value.length === 0)
      throw fail(`${operator} needs a list with at least one value`)
    // `x not in (1, null)` is never true: a null in the list is a mistake, not a wish.
    if (!(value as unknown[]).every((v) => v !== null && v !== undefined && accepts(v))) {
      throw fail('the list may hold strings, numbers and booleans')
    }
    return {
      A_Expr: {
        kind: 'AEXPR_IN',
        name: name(operator === 'in' ? '=' : '<>'),
        lexpr: target,
        rexpr: { List: { items: (value as unknown[]).map(literal) } },
      },
    }
  }
  if (value === null || value === undefined)
    throw fail(`${operator} needs a value; to look for nulls use is_null`)
  if (!accepts(value)) throw fail('value has to be a string, a number or a boolean')
  if (operator === 'like') {
    if (typeof value !== 'string') throw fail('like needs a string')
    return { A_Expr: { kind: 'AEXPR_LIKE', name: name('~~'), lexpr: target, rexpr: constant(value) } }
  }
  return operation(operator === '!=' ? '<>' : operator, target, literal(value))
}

const name = (...parts: string[]) => parts.map((sval) => ({ String: { sval } }))

const reference = (column: FilterColumn): Node => ({ ColumnRef: { fields: name(column.name) } })

const call = (functionName: string, args: Node[]): Node => ({
  FuncCall: { funcname: name('pg_catalog', functionName), args },
})

const cast = (arg: Node, type: string): Node => ({
  TypeCast: { arg, typeName: { names: name('pg_catalog', type), typemod: -1 } },
})

const jsonb = (value: unknown): Node => cast(constant(JSON.stringify(value)), 'jsonb')

function operation(operator: string, lexpr: Node, rexpr: Node): Node {
  return { A_Expr: { kind: 'AEXPR_OP', name: name(operator), lexpr, rexpr } }
}

function constant(value: Scalar): Node {
  if (typeof value === 'string') return { A_Const: { sval: { sval: value } } }
  if (typeof value === 'boolean') return { A_Const: { boolval: { boolval: value } } }
  const whole = Number.isInteger(value) && Math.abs(value) < 2 ** 31
  return { A_Const: whole ? { ival: { ival: value } } : { fval: { fval: String(value) } } }
}
