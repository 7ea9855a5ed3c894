// Lists, a page at a time. A cursor is the sort key of the last row that was shown, so pages neither
// repeat nor skip rows that stay, however many are added or removed in between.
import * as v from 'valibot'
import { InputError } from '../errors.ts'

/** `limit` and `cursor` of every list. */
export const pageQuery = {
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,9}$/, 'must be a whole number'),
      v.transform(Number),
      v.minValue(1),
      v.maxValue(1000),
      v.description('Rows at most'),
    ),
    '50',
  ),
  cursor: v.optional(v.pipe(v.string(), v.maxLength(1000), v.description('next_cursor of the page before'))),
}

/** A limit for those who need all rows. */
export const everything = 2_147_483_647

/** The answer of every list. */
export function pageOf<S extends v.GenericSchema>(row: S) {
  return v.object({ data: v.array(row), next_cursor: v.nullable(v.string()) })
}

/** A page of `rows`, of which one more than `limit` was fetched to see whether there are others. */
export function page<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => string[]) {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  const next_cursor = rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null
  return { data, next_cursor }
}

/** A sort key as an opaque text. */
export function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/**
 * The sort key in a cursor; undefined: from the start.
 * @throws InputError when it is no cursor of a list with such a key
 */
export function decodeCursor(cursor: string | undefined, key: readonly RegExp[]): string[] | undefined {
  if (cursor === undefined) return undefined
  const parts = parse(Buffer.from(cursor, 'base64url').toString())
  const fits =
    Array.isArray(parts) &&
    parts.length === key.length &&
    key.every((form, i) => typeof parts[i] === 'string' && form.test(parts[i]))
  if (!fits) {
    throw new InputError([{ path: 'cursor', message: 'is not a next_cursor of this list' }])
  }
  return parts as string[]
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
