// What is known of an expression's type without a database. Two questions need an answer here,
// all else is the planner's: does it hold a type that a user made (then no cast and no operator
// may be looked up on it: see below), and can evaluating it raise.
//
// Why user types are fenced in: CREATE CAST lets the owner of an enum, composite or domain attach
// a function of theirs to a conversion from or to it, implicit ones included, and no search_path
// keeps that out. Inside a SECURITY DEFINER capture such a function would run with our rights. An
// implicit cast to text is even preferred to the built-in `=` of enums where one side is a quoted
// literal. So operators are not looked up on enums at all: see check/enum.ts for what is printed in
// their place. All other user types may only be tested for null.

import { typeRules } from './allow/types.ts'
import type { UserType } from './tree.ts'

/** Type of an expression, as far as it is known before planning. */
export type StaticType =
  /** A quoted literal or null that takes its type from its surroundings. */
  | { kind: 'unknown' }
  /** A built-in type; `name` is pg_type.typname, null when only the planner will know. */
  | { kind: 'builtin'; name: string | null; array: boolean }
  | ({ kind: 'enum'; array: boolean } & UserType)
  /** A composite, an extension's type, a left-out built-in: only tested for null. */
  | { kind: 'opaque'; name: string }
  | { kind: 'row' }

export const unknown: StaticType = { kind: 'unknown' }
export const someBuiltin: StaticType = { kind: 'builtin', name: null, array: false }

/** The built-in type of this pg_type.typname. */
export function builtin(name: string, array = false): StaticType {
  return { kind: 'builtin', name, array }
}

/** The name of a built-in type that is known and not an array; else null. */
export function scalarName(type: StaticType): string | null {
  return type.kind === 'builtin' && !type.array ? type.name : null
}

/** The type of an array's elements; null when it is not known to be an array. */
export function elementOf(type: StaticType): StaticType | null {
  if (type.kind === 'builtin') return type.array ? { ...type, array: false } : null
  if (type.kind === 'enum') return type.array ? { ...type, array: false } : null
  return null
}

/** As people read it in messages. */
export function describe(type: StaticType): string {
  switch (type.kind) {
    case 'unknown':
      return 'an untyped literal'
    case 'builtin':
      return type.name === null ? 'another type' : `type ${type.name}${type.array ? '[]' : ''}`
    case 'enum':
      return `${type.array ? 'an array of the enum' : 'the enum'} ${type.schema}.${type.name}`
    case 'opaque':
      return `type ${type.name}`
    case 'row':
      return 'a row value'
  }
}

/** Both are the same type, and known. */
export function same(a: StaticType, b: StaticType): boolean {
  if (a.kind === 'builtin') {
    return b.kind === 'builtin' && a.name !== null && a.name === b.name && a.array === b.array
  }
  return a.kind === 'enum' && b.kind === 'enum' && a.oid === b.oid && a.array === b.array
}

/** Whether text that is read as this type may hold `now`, `today`, … */
export function readsClock(type: StaticType): boolean {
  return type.kind === 'builtin' && type.name !== null && typeRules[type.name]?.clock === true
}
