// The checked tree as SQL text, in two dialects over one walk:
//
//   plan   what the database plans: every function, operator, type and collation carries its schema
//          (pg_catalog), so that nothing resolves to an object that a user made; columns are holes,
//          so that a filter can be printed again after a rename; every composite is in parentheses.
//   show   the same tree for people, and for compiling again: no schemas, columns by name.
//
// in, between, is distinct from, nullif and case … when look `=` and its kin up by search_path and
// cannot carry a schema. They are safe because the expression is planned and run under
// search_path = pg_catalog, and because no operand has a type that a user could attach to (an enum
// among its own kind resolves to pg_catalog's anyenum operators).
//
// pgsql-deparser was tried and is not used: it prints what the user wrote (no schemas, as few
// parentheses as it thinks right), takes column references as text, and prints nodes that we refuse.

import { quoteIdentifier, quoteKeyword, quoteLiteral, quoteType } from './quote.ts'
import type { Expr, LikeOperator, Side, Subscript, TypeRef } from './tree.ts'

/** A piece of the printed filter: SQL text, a column, or a type that a user may rename. */
export type FilterPart =
  | string
  /**
   * `of` is the column's pg_type.oid at compile time, where it was given, and `collation` the pg_collation.oid of
   * one that is not the default. What was checked holds for that type: a filter whose column has since got a type that a user made may not be planned again,
   * for its operators would now look for casts of that user's.
   */
  | { side: Side; att: number; of?: number; collation?: number }
  /** pg_type.oid of an enum of the user's; `name` is how it was spelt at compile time, quoted. */
  | { type: number; name: string }

/** Where a place in the printed parts comes from: `[part, offset in it, position in the user's text]`. */
export type Origin = [part: number, offset: number, position: number]

export interface Printed {
  parts: FilterPart[]
  origins: Origin[]
}

type Dialect = 'plan' | 'show'

/** Prints for planning: text with holes, and the way back to the user's text. */
export function printForPlan(expr: Expr): Printed {
  const printer = createPrinter('plan')
  printer.print(expr)
  return printer.done()
}

/** Prints for people; `bare` tells which names need no quotes. Compiling it again gives the same tree. */
export function printForShow(expr: Expr, bare: (name: string) => boolean): string {
  const printer = createPrinter('show', bare)
  printer.print(expr)
  // In this dialect nothing leaves a hole.
  const shown = printer
    .done()
    .parts.filter((part) => typeof part === 'string')
    .join('')
  // The outermost parentheses are only needed where the filter becomes part of something.
  return shown.startsWith('(') && expr.kind !== 'subscript' ? shown.slice(1, -1) : shown
}

function createPrinter(dialect: Dialect, bare: (name: string) => boolean = () => false) {
  const parts: FilterPart[] = []
  const origins: Origin[] = []
  const plan = dialect === 'plan'

  function text(...pieces: string[]): void {
    const last = parts.length - 1
    const before = parts[last]
    if (typeof before === 'string') parts[last] = before + pieces.join('')
    else parts.push(pieces.join(''))
  }

  function mark(expr: Expr): void {
    if (expr.at === undefined) return
    const last = parts.at(-1)
    const inText = typeof last === 'string'
    origins.push([inText ? parts.length - 1 : parts.length, inText ? last.length : 0, expr.at])
  }

  function column(side: Side, name: string): string {
    const quoted = bare(name) ? name : quoteIdentifier(name)
    return side === 'row' ? quoted : `${side}.${quoted}`
  }

  function hole(part: FilterPart, shown: string): void {
    if (plan) parts.push(part)
    else text(shown)
  }

  function separated(exprs: readonly Expr[], between: string): void {
    for (const [i, expr] of exprs.entries()) {
      if (i > 0) text(between)
      print(expr)
    }
  }

  function operator(expr: Expr & { name: string }): void {
    mark(expr)
    text(plan ? `OPERATOR(pg_catalog.${expr.name})` : expr.name)
  }

  function call(name: string, args: readonly Expr[]): void {
    text(plan ? `pg_catalog.${quoteKeyword(name)}(` : `${quoteKeyword(name)}(`)
    separated(args, ', ')
    text(')')
  }

  function typeName(type: TypeRef): void {
    if ('enum' in type) {
      const { oid, schema, name } = type.enum
      const quoted = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
      hole({ type: oid, name: quoted }, quoted)
    } else {
      // Qualified, interval takes its modifiers as the catalog stores them, as the tree has them.
      const raw = plan || (type.builtin === 'interval' && type.modifiers.length > 0)
      text(raw ? `pg_catalog.${quoteType(type.builtin)}` : quoteType(type.builtin))
      if (type.modifiers.length > 0) text(`(${type.modifiers.join(', ')})`)
    }
    if (type.array) text('[]')
  }

  function subscript(one: Subscript): void {
    text('[')
    if ('index' in one) print(one.index)
    else {
      if (one.lower !== null) print(one.lower)
      // A space on either side: `a[:b]` would otherwise glue to a cast's colons.
      text(' : ')
      if (one.upper !== null) print(one.upper)
    }
    text(']')
  }

  function likePattern({ operator, pattern, escape }: Expr & { kind: 'like' }): void {
    const { name, word, translate } = likeForms[operator]
    const args = escape === null ? [pattern] : [pattern, escape]
    text(plan ? `OPERATOR(pg_catalog.${name}) ` : `${word} `)
    if (!plan) separated(args, ' ESCAPE ')
    else if (escape === null && translate === 'like_escape') print(pattern)
    else call(translate, args)
  }

  function print(expr: Expr): void {
    if (!marksItself.has(expr.kind)) mark(expr)
    switch (expr.kind) {
      case 'column':
        return hole(
          {
            side: expr.side,
            att: expr.att,
            ...(expr.of === undefined ? {} : { of: expr.of }),
            ...(expr.collation === undefined ? {} : { collation: expr.collation }),
          },
          column(expr.side, expr.name),
        )
      case 'null':
        return text('NULL')
      case 'boolean':
        return text(expr.value ? 'TRUE' : 'FALSE')
      case 'string':
        return text(quoteLiteral(expr.value))
      case 'number':
        return text(expr.value.startsWith('-') ? `(${expr.value})` : expr.value)
      case 'bits':
        return text(`${expr.value[0]!.toUpperCase()}'${expr.value.slice(1)}'`)
      case 'operator':
        text('(')
        if (expr.left !== null) {
          print(expr.left)
          text(' ')
        }
        operator(expr)
        text(' ')
        print(expr.right)
        return text(')')
      case 'quantified':
        text('(')
        print(expr.left)
        text(' ')
        operator(expr)
        text(` ${expr.quantifier.toUpperCase()} (`)
        print(expr.right)
        return text('))')
      case 'like':
        text('(')
        print(expr.left)
        text(' ')
        mark(expr)
        likePattern(expr)
        return text(')')
      case 'in':
        text('(')
        print(expr.left)
        text(' ')
        mark(expr)
        text(expr.negated ? 'NOT IN (' : 'IN (')
        separated(expr.items, ', ')
        return text('))')
      case 'between':
        text('(')
        print(expr.left)
        text(' ')
        mark(expr)
        text(expr.negated ? 'NOT BETWEEN ' : 'BETWEEN ', expr.symmetric ? 'SYMMETRIC ' : '')
        separated([expr.low, expr.high], ' AND ')
        return text(')')
      case 'distinct':
        text('(')
        print(expr.left)
        text(' ')
        mark(expr)
        text(expr.negated ? 'IS NOT DISTINCT FROM ' : 'IS DISTINCT FROM ')
        print(expr.right)
        return text(')')
      case 'nullif':
        text('NULLIF(')
        separated([expr.left, expr.right], ', ')
        return text(')')
      case 'logic':
        text('(')
        separated(expr.args, expr.operator === 'and' ? ' AND ' : ' OR ')
        return text(')')
      case 'not':
        text('(NOT ')
        print(expr.arg)
        return text(')')
      case 'is null':
        text('(')
        print(expr.arg)
        return text(expr.negated ? ' IS NOT NULL)' : ' IS NULL)')
      case 'is boolean':
        text('(')
        print(expr.arg)
        return text(` IS ${expr.test.toUpperCase()})`)
      case 'is json':
        text('(')
        print(expr.arg)
        text(' IS JSON', expr.type === 'any' ? '' : ` ${expr.type.toUpperCase()}`)
        return text(expr.uniqueKeys ? ' WITH UNIQUE KEYS)' : ')')
      case 'case':
        text('(CASE')
        if (expr.arg !== null) {
          text(' ')
          print(expr.arg)
        }
        for (const { when, result } of expr.whens) {
          text(' WHEN ')
          separated([when, result], ' THEN ')
        }
        if (expr.otherwise !== null) {
          text(' ELSE ')
          print(expr.otherwise)
        }
        return text(' END)')
      case 'coalesce':
        text('COALESCE(')
        separated(expr.args, ', ')
        return text(')')
      case 'extreme':
        text(`${expr.which.toUpperCase()}(`)
        separated(expr.args, ', ')
        return text(')')
      case 'cast':
        text('CAST(')
        print(expr.arg)
        text(' AS ')
        typeName(expr.type)
        return text(')')
      case 'text of enum':
        if (plan) {
          text(`pg_catalog.textin(pg_catalog.${expr.array ? 'array_out' : 'enum_out'}(`)
          print(expr.arg)
          return text('))')
        }
        text('CAST(')
        print(expr.arg)
        return text(' AS text)')
      case 'array':
        text('ARRAY[')
        separated(expr.items, ', ')
        return text(']')
      case 'subscript':
        text('(')
        print(expr.arg)
        text(')')
        for (const one of expr.subscripts) subscript(one)
        return
      case 'row':
        text('ROW(')
        separated(expr.items, ', ')
        return text(')')
      case 'call':
        if (plan || !(expr.name in specialCalls)) return call(expr.name, expr.args)
        return specialCalls[expr.name]!(expr.args, { text, print })
      case 'on enum':
        return print(plan ? expr.planned : expr.shown)
      case 'clock':
        return text(expr.name.toUpperCase())
      case 'collate':
        text('(')
        print(expr.arg)
        text(' ')
        mark(expr)
        text(`COLLATE pg_catalog.${quoteIdentifier(expr.collation)}`)
        return text(')')
    }
  }

  return { print, done: (): Printed => ({ parts, origins }) }
}

// Their place in the user's text is that of their operator, which is printed inside.
const marksItself: ReadonlySet<Expr['kind']> = new Set([
  'on enum',
  'operator',
  'quantified',
  'like',
  'in',
  'between',
  'distinct',
  'collate',
])

interface LikeForm {
  name: string
  word: string
  /** The function that turns a pattern, and an escape, into what the operator takes. */
  translate: 'like_escape' | 'similar_to_escape'
}

const likeForms: Readonly<Record<LikeOperator, LikeForm>> = {
  '~~': { name: '~~', word: 'LIKE', translate: 'like_escape' },
  '!~~': { name: '!~~', word: 'NOT LIKE', translate: 'like_escape' },
  '~~*': { name: '~~*', word: 'ILIKE', translate: 'like_escape' },
  '!~~*': { name: '!~~*', word: 'NOT ILIKE', translate: 'like_escape' },
  similar: { name: '~', word: 'SIMILAR TO', translate: 'similar_to_escape' },
  'not similar': { name: '!~', word: 'NOT SIMILAR TO', translate: 'similar_to_escape' },
}

interface Pen {
  text(...pieces: string[]): void
  print(expr: Expr): void
}

// Without a schema the grammar has its own forms for these, and takes no plain call of them.
const specialCalls: Readonly<Record<string, (args: readonly Expr[], pen: Pen) => void>> = {
  extract: ([field, from], pen) => infixCall('extract', ' from ', field!, from!, pen),
  position: ([text, part], pen) => infixCall('position', ' in ', part!, text!, pen),
}

function infixCall(name: string, word: string, left: Expr, right: Expr, pen: Pen): void {
  pen.text(`${name}(`)
  pen.print(left)
  pen.text(word)
  pen.print(right)
  pen.text(')')
}
