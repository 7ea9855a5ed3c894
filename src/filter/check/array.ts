// array[…], subscripts and slices, row(…), and collate.

import { commonType, conversionRaises } from '../comparison.ts'
import { FilterError } from '../error.ts'
import { list, locationOf, names, nearestLocation, open, peek } from '../raw.ts'
import type { Body } from '../raw.ts'
import { operand, refuseAsOperand } from '../scope.ts'
import type { Checked, Scope } from '../scope.ts'
import { builtin, describe, elementOf, scalarName, someBuiltin } from '../static-type.ts'
import type { StaticType } from '../static-type.ts'
import type { Expr, Subscript } from '../tree.ts'

export function checkArray(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const items = list(body, 'elements').map((item) => operand(scope, item))
  const common = commonType(items, 'array')
  return {
    expr: placed({ kind: 'array', items: items.map((i) => i.expr) }, at),
    type: arrayOf(common),
    raises: conversionRaises(items, common),
    // Untyped literals, also in nested arrays, take their type from a cast around the array.
    constant: items.every((i) => i.type.kind === 'unknown' || (i.expr.kind === 'array' && i.constant)),
    collation: 'default',
  }
}

function arrayOf(element: StaticType): StaticType {
  return element.kind === 'builtin' || element.kind === 'enum' ? { ...element, array: true } : someBuiltin
}

export function checkSubscript(scope: Scope, body: Body): Checked {
  const at = scope.position(nearestLocation({ type: 'A_Indirection', body }))
  const arg = operand(scope, body['arg'])
  const steps = list(body, 'indirection').map((json) => subscript(scope, json, arg, at))
  const slice = steps.some((s) => s.slice)
  const jsonb = scalarName(arg.type) === 'jsonb'
  return {
    expr: placed({ kind: 'subscript', arg: arg.expr, subscripts: steps.map((s) => s.subscript) }, at),
    type: jsonb ? builtin('jsonb') : slice ? arg.type : (elementOf(arg.type) ?? someBuiltin),
    raises: arg.raises || steps.some((s) => s.raises) || (!jsonb && elementOf(arg.type) === null),
    constant: false,
    collation: jsonb ? 'default' : arg.collation,
  }
}

interface Step {
  subscript: Subscript
  slice: boolean
  raises: boolean
}

function subscript(scope: Scope, json: unknown, arg: Checked, at: number | undefined): Step {
  if (peek(json)?.type !== 'A_Indices') {
    throw new FilterError(
      'fields of composite values cannot be used: filter on a column of its own, or on a jsonb column',
      {
        position: at,
      },
    )
  }
  const indices = open(json, (l) => scope.position(l)).body
  const bound = (field: string): Checked | null =>
    field in indices ? index(scope, indices[field], arg) : null
  const [lower, upper] = [bound('lidx'), bound('uidx')]
  const raises = [lower, upper].some((b) => b !== null && (b.raises || !cheapIndex(b)))
  if (indices['is_slice'] === true) {
    return { subscript: { lower: lower?.expr ?? null, upper: upper?.expr ?? null }, slice: true, raises }
  }
  if (upper === null) throw new FilterError('this subscript is not understood', { position: at })
  return { subscript: { index: upper.expr }, slice: false, raises }
}

function index(scope: Scope, json: unknown, arg: Checked): Checked {
  const checked = operand(scope, json)
  if (checked.type.kind !== 'enum') return checked
  throw new FilterError(`${describe(checked.type)} cannot be a subscript of ${describe(arg.type)}`, {
    position: checked.expr.at,
  })
}

function cheapIndex(index: Checked): boolean {
  return index.constant || ['int2', 'int4', 'text'].includes(scalarName(index.type) ?? '')
}

export function checkRow(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const items = list(body, 'args').map((item) => scope.check(item))
  const [first] = items
  if (first === undefined) throw new FilterError('a row needs at least one value', { position: at })
  for (const item of items) refuseAsOperand(item)
  return {
    expr: placed({ kind: 'row', items: items.map((i) => i.expr) }, at),
    type: { kind: 'row' },
    raises: items.some((i) => i.raises),
    constant: false,
    collation: 'default',
    items,
  }
}

export function checkCollate(scope: Scope, body: Body): Checked {
  const at = scope.position(locationOf(body))
  const arg = operand(scope, body['arg'])
  const path = names(body, 'collname') ?? []
  if (path.length > 2 || (path.length === 2 && path[0] !== 'pg_catalog')) {
    throw new FilterError(
      `collation ${path.join('.')} is not built in: collations that users made are not allowed`,
      {
        position: at,
      },
    )
  }
  if (arg.type.kind === 'enum') {
    throw new FilterError(`${describe(arg.type)} has no collation: cast it to text first`, { position: at })
  }
  const collation = path.at(-1) ?? ''
  return {
    expr: placed({ kind: 'collate', arg: arg.expr, collation }, at),
    type: arg.type,
    raises: arg.raises,
    constant: false,
    // Every collation of pg_catalog compares byte for byte in the end (is deterministic), which is
    // what "C" stands for here.
    collation: 'C',
  }
}

function placed(expr: Expr, at: number | undefined): Expr {
  return at === undefined ? expr : { ...expr, at }
}
