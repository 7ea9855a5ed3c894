// Names and literals as SQL text. Both are safe under any setting and inside any other text.

/** `"` around a name, doubled inside. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * A string literal that reads the same whatever standard_conforming_strings says: with a backslash
 * in it, it is written as E'…'.
 */
export function quoteLiteral(value: string): string {
  const quoted = value.replaceAll("'", "''")
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

/** Function and type names come from the allow-lists, so only the grammar's own words need quotes. */
export function quoteKeyword(name: string): string {
  return name === 'overlaps' || name === 'normalize' || name === 'extract' || name === 'position'
    ? `"${name}"`
    : name
}

/** Unquoted, char and bit mean char(1) and bit(1), and name no "char". */
export function quoteType(name: string): string {
  return name === 'char' || name === 'bit' ? `"${name}"` : name
}
