// Names of tables in requests: SQL identifiers, as a person would type them into psql.

/** A table's name, as the catalog has it. */
export interface TableName {
  schema: string
  table: string
}

const part = String.raw`("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`
const form = new RegExp(`^\\s*(?:${part}\\s*\\.\\s*)?${part}\\s*$`, 'u')

/** Reads `orders`, `public.orders` or `"My Schema"."Orders"`; without a schema, public. Undefined: it is no name. */
export function parseTableName(text: string): TableName | undefined {
  const [, schema, table] = form.exec(text) ?? []
  return table === undefined
    ? undefined
    : { schema: schema === undefined ? 'public' : fold(schema), table: fold(table) }
}

function fold(identifier: string): string {
  if (identifier.startsWith('"')) return identifier.slice(1, -1).replaceAll('""', '"')
  // Postgres folds ASCII only, in most locales.
  return identifier.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
