// Tables of rows, and the way from page to page.
import { queryText } from '../operations.ts'
import { type Content, type Html, html } from './html.ts'

/** A column: its heading, and what stands in it. */
export interface Column<Row> {
  heading: string
  /**
   * `number` aligns to the right; `wide` may wrap; `one-line` takes what room there is; `state` stands
   * at the head of the card that a row becomes on a narrow screen.
   */
  kind?: 'number' | 'wide' | 'one-line' | 'state'
  cell: (row: Row) => Content
}

/**
 * A table; on a narrow screen each row becomes a card that names its columns. What is the same in all rows is
 * made once: a list may have a thousand.
 */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const attributes = columns.map(
    ({ heading, kind }) => html`${kind && html`class="${kind}"`} data-heading="${heading}"`,
  )
  const cells = (row: Row) =>
    columns.map(({ cell }, i) => html`<td ${attributes[i]}><div>${cell(row)}</div></td>`)
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption class="hidden">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ heading, kind }) => html`<th scope="col" class="${kind ?? ''}">${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${cells(row)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`
}

/** What stands in a cell that has nothing; on a narrow screen the cell is left out. */
export const none = html`<span class="none" aria-label="none">–</span>`

/** The first of many, and how many more there are: a table may have a thousand sinks. */
export function some<Item>(items: readonly Item[], show: (item: Item) => Content, limit = 12): Content {
  const rest = items.length - limit
  return [
    ...items.slice(0, limit).map(show),
    rest > 0 && html`<span class="below">and ${rest.toLocaleString('en')} more</span>`,
  ]
}

/** What stands where a list is empty. */
export function empty(words: Content, next?: Content): Html {
  return html`<div class="empty">
    <p>${words}</p>
    ${next}
  </div>`
}

/** The link to older rows, with the filters of this page. */
export function pager(
  path: string,
  query: Record<string, string | undefined>,
  nextCursor: string | null,
  word = 'Older',
): Html | false {
  const { cursor, ...filters } = query
  return (
    (cursor !== undefined || nextCursor !== null) &&
    html`<nav class="pager" aria-label="Pages">
      ${cursor !== undefined && html`<a href="${path}${queryText(filters)}">First page</a>`}
      ${nextCursor !== null && html`<a href="${path}${queryText({ ...filters, cursor: nextCursor })}" rel="next">${word}</a>`}
    </nav>`
  )
}
