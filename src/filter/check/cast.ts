// Casts, and whether they can raise. Between built-in types every cast is Postgres's own, for only
// a superuser can make one there; see static-type.ts for why enums are treated apart.

import { floats, texts } from '../allow/types.ts'
import { refuseFrozenClock } from '../comparison.ts'
import { FilterError } from '../error.ts'
import { refuseCostlyJsonpath } from '../pattern.ts'
import { inner, locationOf } from '../raw.ts'
import type { Body } from '../raw.ts'
import { operand } from '../scope.ts'
import type { Checked, Scope } from '../scope.ts'
import { builtin, describe, same } from '../static-type.ts'
import type { StaticType } from '../static-type.ts'
import type { Expr, TypeRef } from '../tree.ts'
import { typeOfCast } from './type-name.ts'
import type { BaseTypes } from './type-name.ts'

export function checkCast(scope: Scope, baseTypes: BaseTypes, body: Body): Checked {
  const typeName = inner(body, 'typeName')
  const at = scope.position(locationOf(body)) ?? scope.position(locationOf(typeName))
  const { ref, type } = typeOfCast(scope, baseTypes, typeName)
  const arg = operand(scope, body['arg'])
  refuseFrozenClock(arg, type)
  if (type.kind === 'builtin' && type.name === 'jsonpath') refuseCostlyJsonpath(arg)
  const placed = (expr: Expr): Expr => (at === undefined ? expr : { ...expr, at })
  if (arg.type.kind === 'enum' && !same(arg.type, type)) {
    return { ...textOfEnum(arg, ref, type, placed, at), collation: 'default' }
  }
  if (type.kind === 'enum' && !same(arg.type, type) && !untyped(arg)) {
    throw new FilterError(
      `only a quoted literal can be cast to ${describe(type)}: a cast of ${describe(arg.type)} to it can be made by users; cast the enum to text instead, and compare texts`,
      { position: at },
    )
  }
  return {
    expr: placed({ kind: 'cast', arg: arg.expr, type: ref }),
    type,
    raises: arg.raises || castRaises(arg, ref, type),
    constant: arg.constant,
    collation: keepsCollation(arg.type, type) ? arg.collation : 'default',
  }
}

/** A literal without a type, or an array of such: Postgres reads it as the type, and casts nothing. */
function untyped(arg: Checked): boolean {
  return arg.type.kind === 'unknown' || (arg.expr.kind === 'array' && arg.constant)
}

// CREATE CAST (my_enum AS text) WITH FUNCTION is the enum's owner's right, and would be called here.
function textOfEnum(
  arg: Checked,
  ref: TypeRef,
  type: StaticType,
  placed: (expr: Expr) => Expr,
  at: number | undefined,
): Checked {
  if (type.kind !== 'builtin' || type.array || !texts.has(type.name ?? '') || !('builtin' in ref)) {
    throw new FilterError(`${describe(arg.type)} can only be cast to text, not to ${describe(type)}`, {
      position: at,
    })
  }
  const array = arg.type.kind === 'enum' && arg.type.array
  const expr = placed({ kind: 'text of enum', arg: arg.expr, array })
  const asText = ref.builtin === 'text' && ref.modifiers.length === 0
  return {
    expr: asText ? expr : placed({ kind: 'cast', arg: expr, type: ref }),
    type: asText ? builtin('text') : type,
    raises: arg.raises,
    constant: false,
    collation: 'default',
  }
}

// varchar to text is a relabelling; anything else that becomes text takes the default collation.
function keepsCollation(from: StaticType, to: StaticType): boolean {
  return [from, to].every((t) => t.kind === 'builtin' && !t.array && texts.has(t.name ?? ''))
}

function castRaises(arg: Checked, ref: TypeRef, type: StaticType): boolean {
  if (untyped(arg) || type.kind === 'enum') return false
  const from = arg.type
  if (from.kind !== 'builtin' || type.kind !== 'builtin' || from.name === null || type.name === null)
    return true
  // A modifier cuts texts, but overflows numbers: 123.45::numeric(3,2).
  if ('builtin' in ref && ref.modifiers.length > 0 && !texts.has(type.name)) return true
  if (from.array !== type.array) return true
  if (from.name === type.name) return false
  return from.array || !(safeCasts[from.name]?.(type.name) ?? false)
}

const toText = (to: string) => to === 'text' || to === 'varchar' || to === 'bpchar'
const wider =
  (...targets: string[]) =>
  (to: string) =>
    targets.includes(to) || toText(to)

/** From a type, the types that every value of it can be cast to. */
const safeCasts: Readonly<Record<string, (to: string) => boolean>> = {
  bool: wider('int4'),
  int2: wider('int4', 'int8', 'numeric', ...floats),
  int4: wider('int8', 'numeric', ...floats),
  int8: wider('numeric', ...floats),
  numeric: toText,
  float4: wider('float8'),
  float8: toText,
  text: (to) => texts.has(to),
  varchar: (to) => texts.has(to),
  bpchar: (to) => texts.has(to),
  name: (to) => texts.has(to),
  uuid: toText,
  date: toText,
  time: toText,
  timestamp: wider('date', 'time'),
  timestamptz: toText,
  interval: toText,
  inet: toText,
  cidr: wider('inet'),
  macaddr: toText,
  jsonb: wider('json'),
}
