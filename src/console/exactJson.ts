// JSON as Postgres printed it: a number that a double cannot hold keeps its digits, from the API's answer
// to the page. `JSON.rawJSON` marks such a number, and `JSON.stringify` prints it as it came.
interface RawJson {
  rawJSON: string
}

// Not yet among TypeScript's declarations (ECMAScript proposal "JSON.parse source text access").
const json = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): RawJson
  isRawJSON(value: unknown): value is RawJson
}

/** Parses; numbers whose text is not the one that JavaScript would print become `JSON.rawJSON`. */
export function parseExact(text: string): unknown {
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? json.rawJSON(source)
      : value,
  )
}

/** A value of such a document on one line: texts bare, everything else as JSON. */
export function printExact(value: unknown): string {
  if (typeof value === 'string') return value
  if (json.isRawJSON(value)) return value.rawJSON
  return JSON.stringify(value) ?? 'null'
}
