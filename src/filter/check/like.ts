// like, ilike and similar to, with or without escape.

import { texts } from '../allow/types.ts'
import { isDeterministic } from '../comparison.ts'
import { FilterError } from '../error.ts'
import { refuseCostlyRegex } from '../pattern.ts'
import { list, names, open, peek } from '../raw.ts'
import type { Body } from '../raw.ts'
import type { Checked, Scope } from '../scope.ts'
import { builtin, scalarName } from '../static-type.ts'
import type { LikeOperator } from '../tree.ts'
import { operation, plainOperand } from './operator-name.ts'

const bool = builtin('bool')

export function checkLike(scope: Scope, operator: LikeOperator, body: Body, at: number | undefined): Checked {
  const left = plainOperand(scope, body['lexpr'], 'like', at)
  const call = escaping(body['rexpr'], 'like_escape')
  if (call !== null) open(body['rexpr'], (l) => scope.position(l))
  const [pattern, escape] = (call ?? [body['rexpr']]).map((json) => plainOperand(scope, json, 'like', at))
  if (pattern === undefined) throw new FilterError('this pattern is not understood', { position: at })
  const raises =
    left.raises ||
    operator.endsWith('*') ||
    escape !== undefined ||
    !texts.has(scalarName(left.type) ?? '') ||
    !isDeterministic(left.collation) ||
    pattern.expr.kind !== 'string' ||
    endsInEscape(pattern.expr.value)
  return operation(
    { kind: 'like', operator, left: left.expr, pattern: pattern.expr, escape: escape?.expr ?? null },
    at,
    bool,
    raises,
  )
}

// "LIKE pattern must not end with escape character" is only found when a text gets that far.
function endsInEscape(pattern: string): boolean {
  return /\\*$/.exec(pattern)![0].length % 2 === 1
}

/** `a ~ similar_to_escape(…)` is what the grammar makes of `a similar to …`. */
export function isSimilar(body: Body): boolean {
  return escaping(body['rexpr'], 'similar_to_escape') !== null
}

export function checkSimilar(scope: Scope, negated: boolean, body: Body, at: number | undefined): Checked {
  const left = plainOperand(scope, body['lexpr'], 'similar to', at)
  open(body['rexpr'], (l) => scope.position(l))
  const args = escaping(body['rexpr'], 'similar_to_escape') ?? []
  const [pattern, escape] = args.map((json) => plainOperand(scope, json, 'similar to', at))
  if (pattern === undefined) throw new FilterError('this pattern is not understood', { position: at })
  // It is matched as the regular expression that it is translated to.
  refuseCostlyRegex(pattern)
  const operator = negated ? 'not similar' : 'similar'
  return operation(
    { kind: 'like', operator, left: left.expr, pattern: pattern.expr, escape: escape?.expr ?? null },
    at,
    bool,
    true,
  )
}

// `like p escape e` comes from the grammar as `like like_escape(p, e)`.
function escaping(json: unknown, name: string): unknown[] | null {
  const call = peek(json)
  if (call?.type !== 'FuncCall') return null
  const path = names(call.body, 'funcname') ?? []
  const args = list(call.body, 'args')
  return path.length === 2 && path[0] === 'pg_catalog' && path[1] === name && args.length <= 2 ? args : null
}
