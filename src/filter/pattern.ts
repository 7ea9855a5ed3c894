// Patterns are small programs that somebody else's row is run through, inside their transaction.
// Postgres matches regular expressions without backtracking, so their time is linear in the text,
// with these exceptions (measured on Postgres 18): back references (exponential), lookaround
// (quadratic: 0.8 s for 20 kB), and bounded repeats inside one another, which the compiler unrolls
// ("too complex" after 0.16 s, anew for every row). So a pattern has to be a literal, where these
// can be seen, and must hold none of them. Jsonpath is fenced in alike: each `**`, `[*]` or `.*`
// multiplies the work by the size of the document.

import { FilterError } from './error.ts'
import type { Checked } from './scope.ts'
import type { Expr } from './tree.ts'

const maxLength = 1_000
const maxRepeats = 1_000
const maxWildcards = 3

/** Throws FilterError unless every pattern in the value is a literal that is cheap to match. */
export function refuseCostlyRegex(pattern: Checked): void {
  for (const literal of literalsOf(pattern.expr, 'a regular expression')) checkRegex(literal)
}

/** Throws FilterError unless the value is a literal jsonpath that is cheap to evaluate. */
export function refuseCostlyJsonpath(path: Checked): void {
  for (const literal of literalsOf(path.expr, 'a jsonpath')) {
    refuseLong(literal, 'a jsonpath')
    const wildcards = literal.value.match(/\*/g)?.length ?? 0
    const deep = literal.value.match(/\*\s*\*/g)?.length ?? 0
    if (deep > 1 || wildcards - deep > maxWildcards) {
      throw new FilterError(
        `a jsonpath may hold one ** and at most ${maxWildcards} asterisks in all: each multiplies the work by the size of the document`,
        { position: literal.at },
      )
    }
    if (/like_regex/i.test(literal.value)) checkRegex(literal)
  }
}

interface Literal {
  value: string
  at: number | undefined
}

function literalsOf(expr: Expr, what: string): Literal[] {
  if (expr.kind === 'string') return [{ value: expr.value, at: expr.at }]
  if (expr.kind === 'null') return []
  if (expr.kind === 'cast') return literalsOf(expr.arg, what)
  if (expr.kind === 'array') return expr.items.flatMap((item) => literalsOf(item, what))
  throw new FilterError(`${what} has to be a literal, so that its cost can be judged before it runs`, {
    position: expr.at,
  })
}

function checkRegex(literal: Literal): void {
  refuseLong(literal, 'a regular expression')
  const { value, at } = literal
  if (/\\[1-9]/.test(value)) {
    throw new FilterError('back references such as \\1 are not allowed: matching them can take for ever', {
      position: at,
    })
  }
  if (/\(\?<?[=!]/.test(value)) {
    throw new FilterError(
      'lookahead and lookbehind are not allowed: their time grows with the square of the text; combine two conditions with and',
      { position: at },
    )
  }
  let unrolled = 1
  for (const [, from, to] of value.matchAll(/\{\s*(\d+)\s*(?:,\s*(\d*)\s*)?\}/g)) {
    unrolled *= Math.max(1, Number(from), Number(to === undefined || to === '' ? from : to))
  }
  if (unrolled > maxRepeats) {
    throw new FilterError(
      `the bounded repeats of this regular expression multiply to ${unrolled}; the most is ${maxRepeats}`,
      { position: at },
    )
  }
}

function refuseLong(literal: Literal, what: string): void {
  const length = Array.from(literal.value).length
  if (length <= maxLength) return
  throw new FilterError(`${what} has ${length} characters; the most is ${maxLength}`, {
    position: literal.at,
  })
}
