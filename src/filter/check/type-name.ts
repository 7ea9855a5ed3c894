// What a type's name means: in a cast (strictly, by the allow-list) and in a column's definition
// (leniently: what is not known becomes a type that can only be tested for null).

import { parse } from 'libpg-query'
import { typeRules, whyTypeLeftOut } from '../allow/types.ts'
import { FilterError } from '../error.ts'
import { inner, list, locationOf, names, open, peek } from '../raw.ts'
import type { Body } from '../raw.ts'
import type { FilterColumn, FilterType, Scope } from '../scope.ts'
import type { StaticType } from '../static-type.ts'
import type { TypeRef } from '../tree.ts'

// Types that a database hands out itself have lower oids (FirstNormalObjectId).
const firstUserOid = 16_384

type Types = Pick<Scope, 'types' | 'schemas'>

/** What a TypeName node in a cast means. Throws FilterError for a type that casts may not name. */
export function typeOfCast(
  scope: Scope,
  baseTypes: BaseTypes,
  body: Body,
): { ref: TypeRef; type: StaticType } {
  const at = scope.position(locationOf(body))
  open({ TypeName: body }, (l) => scope.position(l))
  const path = names(body, 'names') ?? []
  const array = list(body, 'arrayBounds').length > 0
  const modifiers = modifiersOf(scope, body)
  const name = path.at(-1) ?? ''
  const user = userType(scope, path)
  if (isBuiltin(path) || (user === undefined && path.length === 1)) {
    refuseBuiltin(name, at)
    return { ref: { builtin: name, modifiers, array }, type: { kind: 'builtin', name, array } }
  }
  if (user === undefined) {
    throw new FilterError(
      `type ${path.join('.')} is not a built-in type, nor an enum or domain of this database`,
      {
        position: at,
      },
    )
  }
  if (modifiers.length > 0) {
    throw new FilterError(`type ${path.join('.')} takes no modifiers`, { position: at })
  }
  scope.used.types.set(user.oid, { oid: user.oid, schema: user.schema, name: user.name })
  if (user.kind === 'enum') {
    const { oid, schema } = user
    const named = { oid, schema, name: user.name }
    return { ref: { enum: named, array }, type: { kind: 'enum', ...named, array } }
  }
  return domainAsBase(scope, baseTypes, user, array, at)
}

/** The parsed base types of domains, by the domain's oid: parsing is asynchronous, checking is not. */
export type BaseTypes = ReadonlyMap<number, Body>

// A cast to a domain would run its check constraints, which can call functions that users made,
// with our rights. So it is a cast to the type at the domain's bottom; no check is run.
function domainAsBase(
  scope: Scope,
  baseTypes: BaseTypes,
  domain: FilterType,
  array: boolean,
  at: number | undefined,
): { ref: TypeRef; type: StaticType } {
  const base = baseTypes.get(domain.oid)
  if (base === undefined || array) {
    throw new FilterError(
      `a cast to ${domain.schema}.${domain.name}${array ? '[]' : ''} is not allowed: cast to the domain's base type instead`,
      { position: at },
    )
  }
  const { location: _, ...unplaced } = base
  return typeOfCast(scope, new Map(), unplaced)
}

function refuseBuiltin(name: string, at: number | undefined): void {
  const rule = Object.hasOwn(typeRules, name) ? typeRules[name] : undefined
  if (rule?.cast === true) return
  const because = rule?.cast ?? whyTypeLeftOut(name)
  throw new FilterError(
    because === undefined
      ? `type ${name} is not a built-in type that filters may cast to, nor an enum or domain of this database`
      : `a cast to ${name} is not allowed: ${because}`,
    { position: at },
  )
}

function modifiersOf(scope: Scope, body: Body): number[] {
  return list(body, 'typmods').map((json) => {
    const literal = peek(json)
    const value = literal === null ? {} : inner(literal.body, 'ival')
    const number = Number(value['ival'] ?? 0)
    if (literal?.type === 'A_Const' && 'ival' in literal.body && Number.isInteger(number)) return number
    throw new FilterError("a type's modifiers have to be whole numbers, as in numeric(10,2)", {
      position:
        scope.position(literal === null ? undefined : locationOf(literal.body)) ??
        scope.position(locationOf(body)),
    })
  })
}

function isBuiltin(path: readonly string[]): boolean {
  const [first, second] = path
  if (path.length === 2 && first === 'pg_catalog') return true
  if (second !== undefined || first === undefined) return false
  return Object.hasOwn(typeRules, first) || whyTypeLeftOut(first) !== undefined
}

function userType(scope: Types, path: readonly string[]): FilterType | undefined {
  const [first, second] = path
  if (path.length === 2) return scope.types.find((t) => t.schema === first && t.name === second)
  if (path.length !== 1) return undefined
  for (const schema of scope.schemas) {
    const found = scope.types.find((t) => t.schema === schema && t.name === first)
    if (found !== undefined) return found
  }
  return undefined
}

/** Parses the text that format_type gives; null for what is no type's name. */
export async function parseType(formatted: string): Promise<Body | null> {
  try {
    const tree = (await parse(`select null::${formatted}`)) as unknown as Body
    const statement = peek((list(tree, 'stmts')[0] as Body | undefined)?.['stmt'])
    const target = peek(list(statement?.body ?? {}, 'targetList')[0])
    const cast = peek(target?.body['val'])
    return cast?.type === 'TypeCast' && list(tree, 'stmts').length === 1 ? inner(cast.body, 'typeName') : null
  } catch {
    return null
  }
}

/** The static type of a column. Never throws: an unknown type is opaque. */
export function typeOfColumn(
  scope: Types,
  column: FilterColumn,
  parsed: ReadonlyMap<string, Body | null>,
): StaticType {
  const opaque: StaticType = { kind: 'opaque', name: `type ${column.type}` }
  const own = scope.types.find((t) => t.oid === column.typeOid)
  if (own?.kind === 'enum') return enumType(own, false)
  if (column.category === 'domain' || own?.kind === 'domain') {
    const base = column.baseType ?? own?.baseType
    return base === undefined ? opaque : (typeOfText(scope, base, parsed) ?? opaque)
  }
  return typeOfText(scope, column.type, parsed, column.typeOid) ?? opaque
}

function typeOfText(
  scope: Types,
  formatted: string,
  parsed: ReadonlyMap<string, Body | null>,
  oid?: number,
  depth = 0,
): StaticType | null {
  const body = parsed.get(formatted)
  if (body === null || body === undefined || depth > 8) return null
  const path = names(body, 'names') ?? []
  const array = list(body, 'arrayBounds').length > 0
  if (isBuiltin(path)) {
    // A user's type of a built-in one's name prints without its schema only under a search_path
    // that puts that schema first; the oid tells the two apart.
    if (oid !== undefined && oid >= firstUserOid) return null
    const name = path.at(-1)!
    return Object.hasOwn(typeRules, name) ? { kind: 'builtin', name, array } : null
  }
  const user = userType(scope, path)
  if (user?.kind === 'enum') return enumType(user, array)
  if (user?.kind !== 'domain' || user.baseType === undefined) return null
  const base = typeOfText(scope, user.baseType, parsed, undefined, depth + 1)
  if (base === null || !array) return base
  return base.kind === 'builtin' && !base.array ? { ...base, array: true } : null
}

function enumType({ oid, schema, name }: FilterType, array: boolean): StaticType {
  return { kind: 'enum', oid, schema, name, array }
}
