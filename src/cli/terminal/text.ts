// Text for terminals: what came from elsewhere is made harmless, widths are counted, colours set.

/**
 * Control characters as escapes: an answer of a receiver, or a row, must not move the cursor, change the
 * window's title or hide a line of the table.
 */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what it is about
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escape)
}

function escape(character: string): string {
  const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character]
  return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Like `printable`, for text of several lines: keeps the line breaks. */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line))
    .join('\n')
}

const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

// East Asian wide characters and emoji fill two columns.
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u

/** Columns that a text without control characters fills. */
export function width(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length
  let columns = 0
  for (const { segment } of segments.segment(text)) columns += wide.test(segment) ? 2 : 1
  return columns
}

/** The text in so many columns at most, with an ellipsis where it was cut. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let result = ''
  let filled = 0
  for (const { segment } of segments.segment(text)) {
    filled += width(segment)
    if (filled > columns - 1) break
    result += segment
  }
  return `${result}…`
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** Names of styles. */
export type Style = keyof typeof codes

/** Puts a style around a text, where colours are shown. */
export type Paint = (style: Style, text: string) => string

/** The painter of a terminal. */
export function painter(coloured: boolean): Paint {
  return coloured ? (style, text) => `\u001b[${codes[style]}m${text}\u001b[0m` : (_, text) => text
}
