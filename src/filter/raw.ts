// Reading libpg-query's JSON without trusting its shape. Every node is opened with the list of
// fields that we know how to print: a field that a later grammar adds is refused, not ignored,
// because a clause that nobody printed would silently change what a filter means.

import { FilterError } from './error.ts'
import { knownFields, refusedNodes } from './allow/nodes.ts'

/** The fields of one parse node, as JSON gave them. Protobuf leaves out zero, false and "". */
export type Body = Readonly<Record<string, unknown>>

/** A parse node: its type's name, and its fields. */
export interface RawNode {
  type: string
  body: Body
}

/** The byte offset that a node carries; undefined where the grammar gave none. */
export function locationOf(body: Body): number | undefined {
  const location = body['location']
  return typeof location === 'number' && location >= 0 ? location : undefined
}

/** Opens `{"A_Expr": {…}}`. Throws FilterError for a node, or a field of a node, that is not allowed. */
export function open(json: unknown, position: (location: number | undefined) => number | undefined): RawNode {
  const node = peek(json)
  if (node === null) throw new FilterError('the filter holds an expression that is not understood')
  const at = position(nearestLocation(node))
  const known = knownFields[node.type]
  if (known === undefined) {
    const reason = refusedNodes[node.type] ?? `${node.type} expressions are not part of the filter language`
    throw new FilterError(reason, { position: at })
  }
  for (const field of Object.keys(node.body)) {
    if (known.includes(field)) continue
    const reason = refusedNodes[`${node.type}.${field}`]
    throw new FilterError(reason ?? `${node.type}.${field} is not part of the filter language`, {
      position: at,
    })
  }
  return node
}

/** Looks at a node's type and fields without judging them; null when it is not a node. */
export function peek(json: unknown): RawNode | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null
  const entries = Object.entries(json)
  const [entry] = entries
  if (entries.length !== 1 || entry === undefined) return null
  const [type, body] = entry
  return typeof body === 'object' && body !== null ? { type, body: body as Body } : null
}

/** A list field; empty when the field is left out. */
export function list(body: Body, field: string): unknown[] {
  const value = body[field]
  return Array.isArray(value) ? value : []
}

/** A text field; "" when it is left out. */
export function text(body: Body, field: string): string {
  const value = body[field]
  return typeof value === 'string' ? value : ''
}

/** A field that holds another body without a type's name around it (`typeName` of a cast). */
export function inner(body: Body, field: string): Body {
  const value = body[field]
  return typeof value === 'object' && value !== null ? (value as Body) : {}
}

/** Dotted names (`pg_catalog.=`), as their parts. Null when a part is not a plain name (`a.*`). */
export function names(body: Body, field: string): string[] | null {
  const parts: string[] = []
  for (const part of list(body, field)) {
    const node = peek(part)
    if (node?.type !== 'String') return null
    parts.push(text(node.body, 'sval'))
  }
  return parts
}

/** Some nodes have no place of their own (`a[1]`, a list): then the first one below them that has. */
export function nearestLocation(node: RawNode): number | undefined {
  const own = locationOf(node.body)
  if (own !== undefined) return own
  for (const field of ['arg', 'lexpr', 'rexpr', 'items', 'args', 'raw_expr', 'expr']) {
    const value = node.body[field]
    const below = peek(Array.isArray(value) ? value[0] : value)
    const location = below === null ? undefined : nearestLocation(below)
    if (location !== undefined) return location
  }
  return locationOf(inner(node.body, 'typeName'))
}
