// Text that comes from rows, receivers and errors. It is data, however it looks: escaped, cut to a
// length, kept from turning the direction of what stands beside it, and characters that would be
// invisible, or would reorder others, are shown by their number.
import { type Html, html } from './html.ts'

/** Control and format characters and their like; tabs and line ends are as they look. */
const invisible = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** A text as data. `limit` is in characters; what is longer ends with a note of its length. */
export function data(text: string, limit = 400): Html {
  const shown = text.length > limit ? text.slice(0, limit) : text
  const parts: (Html | string)[] = []
  let rest = shown
  for (let at = rest.search(invisible); at !== -1; at = rest.search(invisible)) {
    const point = rest.codePointAt(at)!
    const name = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
    parts.push(rest.slice(0, at), html`<span class="control">${name}</span>`)
    rest = rest.slice(at + String.fromCodePoint(point).length)
  }
  parts.push(rest)
  const cut = text.length - shown.length
  return html`<bdi
    >${parts}${cut > 0 && html`<span class="cut">… ${cut.toLocaleString('en')} more characters</span>`}</bdi
  >`
}

/** The same in the fixed-width font, line breaks kept. `tabindex` lets a keyboard scroll it. */
export function block(text: string, label: string, limit = 20_000): Html {
  return html`<pre class="block" tabindex="0" role="region" aria-label="${label}">${data(text, limit)}</pre>`
}

/** A name or value in the running text. */
export function code(text: string, limit = 200): Html {
  return html`<code>${data(text, limit)}</code>`
}
