// Takes columns out of a record's JSON text without parsing the rest: what remains keeps every byte.
// Only for sinks that exclude columns which another sink of the table wants.

/** The end of the JSON value that begins at `at`. */
function skipValue(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 34) {
      i = skipString(text, i) - 1
      if (depth === 0) return i + 1
    } else if (c === 123 || c === 91) {
      depth++
    } else if (c === 125 || c === 93) {
      if (depth === 0) return i
      depth--
      if (depth === 0) return i + 1
    } else if (c === 44 && depth === 0) {
      return i
    }
  }
  return text.length
}

/** The index behind the string that opens at `at`. */
function skipString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 92) i++
    else if (c === 34) return i + 1
  }
  return text.length
}

/** `json` (an object as row_to_json prints it) without the members named in `columns`. */
export function stripColumns(json: string, columns: readonly string[]): string {
  // mostly every sink excludes the column, and it was not stored at all
  if (!columns.some((name) => json.includes(JSON.stringify(name)))) return json
  const kept: string[] = []
  let i = json.indexOf('{') + 1
  while (i < json.length) {
    while (json[i] === ' ' || json[i] === ',' || json[i] === '\n') i++
    if (json[i] === '}' || i >= json.length) break
    const keyEnd = skipString(json, i)
    const end = skipValue(json, json.indexOf(':', keyEnd) + 1)
    const key: unknown = JSON.parse(json.slice(i, keyEnd))
    if (!columns.includes(key as string)) kept.push(json.slice(i, end))
    i = end
  }
  return `{${kept.join(',')}}`
}
