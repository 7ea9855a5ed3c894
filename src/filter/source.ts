// From the user's text to one raw expression, by Postgres's own grammar, and from libpg-query's
// byte offsets back to character positions in that text.
//
// The text is parsed as the second target of `select null, …`. After a comma the grammar takes an
// expression and nothing else at its head, so `all x` and `distinct x`, which `select` alone would
// swallow without a trace in the tree, are syntax errors. What may follow a target (from, where,
// into, union, an alias, another target, a semicolon) does leave a trace, and is refused on the
// tree. Wrapping in parentheses instead was rejected: `1) or (2` would close them.
//
// Owns: length, encoding, comments, "exactly one expression". Knows nothing of what it means.

import { parse, scan, scanSync } from 'libpg-query'
import { FilterError } from './error.ts'
import { list, nearestLocation, peek } from './raw.ts'

/** Longest filter text, in characters. */
export const maxCharacters = 10_000

/** What is put before the user's text; offsets in the tree count from its start. */
export const prefix = 'select null, '

/** A filter's text as one parse node, and the way from byte offsets to positions in the text. */
export interface ParsedText {
  expression: unknown
  /** libpg-query's byte offset → 1-based character position in the user's text. */
  position(location: number | undefined): number | undefined
}

/** Parses one expression. Throws FilterError, with a position wherever the grammar gives one. */
export async function parseText(userText: string): Promise<ParsedText> {
  refuseUnreadable(userText)
  const sql = prefix + userText
  const position = positionsIn(userText)
  let statements: unknown[]
  try {
    statements = list((await parse(sql)) as unknown as Record<string, unknown>, 'stmts')
  } catch (error) {
    throw syntaxError(error, userText)
  }
  await refuseComments(sql, position)
  return { expression: await onlyExpression(sql, statements, position), position }
}

function refuseUnreadable(userText: string): void {
  const characters = Array.from(userText)
  if (characters.length > maxCharacters) {
    throw new FilterError(`the filter has ${characters.length} characters; the most is ${maxCharacters}`, {
      position: maxCharacters + 1,
    })
  }
  if (userText.trim() === '') {
    throw new FilterError('the filter is empty: leave it out to match every row, or write a condition')
  }
  const unreadable = findUnreadable(userText)
  if (unreadable !== null) {
    throw new FilterError(`the filter holds ${unreadable.what}`, { position: unreadable.position })
  }
}

/**
 * What in a text Postgres could not take as it stands. The parser reads C strings, and would see
 * only what stands before a NUL; half a surrogate pair would reach it as U+FFFD, so that the filter
 * would not say what the user wrote.
 */
export function findUnreadable(text: string): { what: string; position: number } | null {
  const characters = Array.from(text)
  const found = characters.findIndex((c) => c === '\0' || !c.isWellFormed())
  if (found === -1) return null
  const what = characters[found] === '\0' ? 'a NUL character' : 'half of a surrogate pair'
  return { what: `${what}, which is not text`, position: found + 1 }
}

async function onlyExpression(
  sql: string,
  statements: unknown[],
  position: ParsedText['position'],
): Promise<unknown> {
  const [first, second] = statements as (
    | { stmt?: unknown; stmt_len?: number; stmt_location?: number }
    | undefined
  )[]
  if (first === undefined || first.stmt_len !== undefined || second !== undefined) {
    throw new FilterError('a filter is one expression: it must not hold a semicolon', {
      position: first?.stmt_len === undefined ? undefined : position(first.stmt_len),
    })
  }
  const select = peek(first.stmt)
  const body = select?.body ?? {}
  const targets = list(body, 'targetList')
  const extra = targets.length > 2 ? peek(targets[2]) : null
  if (extra !== null) {
    throw new FilterError('a filter is one expression: it must not be a list', {
      position: position(nearestLocation(extra)),
    })
  }
  const allowed = ['targetList', 'limitOption', 'op']
  const clause = Object.keys(body).find((field) => !allowed.includes(field))
  if (
    select?.type !== 'SelectStmt' ||
    clause !== undefined ||
    body['limitOption'] !== 'LIMIT_OPTION_DEFAULT' ||
    body['op'] !== 'SETOP_NONE' ||
    targets.length !== 2
  ) {
    throw new FilterError(
      'a filter is one expression, such as you would write after WHERE: it must not go on with another clause',
      { position: position(clauseStart(await tokensOf(sql))) },
    )
  }
  const target = peek(targets[1])
  if (target?.type !== 'ResTarget' || Object.keys(target.body).some((f) => f !== 'val' && f !== 'location')) {
    // `a and` parses as well, as the value a under the alias "and".
    const last = (await tokensOf(sql)).at(-1)
    throw new FilterError(
      `a filter is one expression: ${JSON.stringify(last?.text ?? '')} at its end does not belong to one`,
      { position: position(last?.start) },
    )
  }
  return target.body['val']
}

const clauses = new Set(
  'from where into group having window order limit offset fetch for union except intersect'.split(' '),
)

// The tree does not say where a clause begins, but the words that begin one are reserved: outside
// of parentheses they can only be that, but for the `from` of `is distinct from`.
function clauseStart(tokens: Awaited<ReturnType<typeof tokensOf>>): number | undefined {
  let depth = 0
  for (const [i, token] of tokens.entries()) {
    if (token.text === '(') depth++
    if (token.text === ')') depth--
    const word = token.keywordName === 'NO_KEYWORD' ? '' : token.text.toLowerCase()
    if (depth > 0 || !clauses.has(word)) continue
    if (word !== 'from' || tokens[i - 1]?.text.toLowerCase() !== 'distinct') return token.start
  }
  return undefined
}

// Comments leave no trace in the tree and would be lost when the filter is printed back: better
// said than dropped.
async function refuseComments(sql: string, position: ParsedText['position']): Promise<void> {
  if (!sql.includes('--') && !sql.includes('/*')) return
  const comment = (await tokensOf(sql)).find((t) => /^(SQL|C)_COMMENT$/.test(t.tokenName))
  if (comment === undefined) return
  throw new FilterError('comments are not allowed in a filter', { position: position(comment.start) })
}

// The scanner prints its tokens as JSON but does not escape control characters, so they become
// spaces first; none of them can begin or end a token in text that has parsed.
export async function tokensOf(sql: string) {
  // oxlint-disable-next-line no-control-regex
  const { tokens } = await scan(sql.replace(/[\u0001-\u0009\u000b-\u001f\u007f]/g, ' '))
  return tokens
}

function syntaxError(error: unknown, userText: string): unknown {
  if (!(error instanceof Error) || error.name !== 'SqlError') return error
  // Unlike the tree's offsets, the cursor of an error counts characters.
  const cursor = (error as { sqlDetails?: { cursorPosition?: number } }).sqlDetails?.cursorPosition ?? 0
  const position = cursor >= prefix.length ? cursor - prefix.length + 1 : undefined
  const end = position !== undefined && position > Array.from(userText).length
  const message =
    end && error.message.startsWith('syntax error') ? 'the filter ends too early' : error.message
  return new FilterError(message, { position, cause: error })
}

function positionsIn(userText: string): ParsedText['position'] {
  const bytes = Buffer.from(userText, 'utf8')
  return (location) => {
    if (location === undefined || location < prefix.length) return undefined
    let characters = 0
    const end = Math.min(location - prefix.length, bytes.length)
    for (let i = 0; i < end; i++) if ((bytes[i]! & 0xc0) !== 0x80) characters++
    return characters + 1
  }
}

/**
 * Whether a name reads the same without quotes: lower case, and no keyword but an unreserved one.
 * Only after the parser has been loaded, by parsing anything.
 */
export function isBareName(name: string): boolean {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) return false
  const { tokens } = scanSync(name)
  return tokens.every((t) => t.keywordName === 'NO_KEYWORD' || t.keywordName === 'UNRESERVED_KEYWORD')
}
