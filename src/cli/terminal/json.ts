// JSON that is read and printed again without touching its numbers: a record may hold numeric values
// that no double can hold.

interface RawJson {
  rawJSON(text: string): unknown
}

/**
 * Indented JSON text, numbers digit for digit as they were. Needs what every Node that rowhook runs on
 * has (the source text in revivers, JSON.rawJSON), though TypeScript's library does not know it yet.
 */
export function indentJson(text: string): string {
  const exact = (_: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined
      ? (JSON as unknown as RawJson).rawJSON(context.source)
      : value
  return JSON.stringify(JSON.parse(text, exact as (key: string, value: unknown) => unknown), null, 2)
}
