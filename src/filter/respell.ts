// A stored filter as its user wrote it, with columns under the names that they have now. Capture goes by
// column numbers, so it follows a rename by itself; what is shown has to follow as well, or whoever
// saves it again would filter by whatever column has the old name by then.
import { parse } from 'libpg-query'
import { quoteIdentifier } from './quote.ts'
import { isBareName, prefix, tokensOf } from './source.ts'
import type { StructuredFilter } from './structured.ts'

type Filter = string | StructuredFilter | readonly StructuredFilter[]

/**
 * The filter with these columns renamed, all at once, and the rest letter for letter.
 * @param names new names by the old ones
 */
export async function respell(filter: Filter, names: ReadonlyMap<string, string>): Promise<Filter> {
  if (typeof filter === 'string') return respellText(filter, names)
  const rename = (one: StructuredFilter) => ({ ...one, column: names.get(one.column) ?? one.column })
  return Array.isArray(filter) ? filter.map(rename) : rename(filter as StructuredFilter)
}

async function respellText(text: string, names: ReadonlyMap<string, string>): Promise<string> {
  const sql = prefix + text
  const bytes = Buffer.from(sql, 'utf8')
  const tokens = await tokensOf(sql)
  const at = new Map(tokens.map((token, i) => [token.start, i]))
  const pieces: Buffer[] = []
  let done = 0
  for (const { location, path } of columnsIn(await parse(sql)).toSorted((a, b) => a.location - b.location)) {
    const name = names.get(path.at(-1)!)
    // of `old.status`, the third token
    const token = tokens[at.get(location)! + (path.length - 1) * 2]
    if (name === undefined || token === undefined) continue
    pieces.push(
      bytes.subarray(done, token.start),
      Buffer.from(isBareName(name) ? name : quoteIdentifier(name)),
    )
    done = token.end
  }
  return Buffer.concat([...pieces, bytes.subarray(done)])
    .toString('utf8')
    .slice(prefix.length)
}

interface Column {
  /** Byte offset of its first token. */
  location: number
  /** `["status"]`, `["old", "status"]`. */
  path: string[]
}

/** Every reference to a column below a node of libpg-query's JSON. */
function columnsIn(node: unknown): Column[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([key, value]) => {
    if (key !== 'ColumnRef') return columnsIn(value)
    const { location, fields } = value as { location: number; fields: { String?: { sval: string } }[] }
    return [{ location, path: fields.map((field) => field.String?.sval ?? '') }]
  })
}
