// A row as a change carries it: its columns, and what was different before.
import { printExact } from '../exactJson.ts'
import { block, data } from '../html/data.ts'
import { type Content, html } from '../html/html.ts'
import { bytes } from '../html/quantity.ts'
import type { Message } from '../resources.ts'

/** The most columns that are shown one by one; the rest is in the JSON below. */
const columnLimit = 200

/** The columns of a changed row; of an update, before and after. */
export function rowTable({
  record,
  changes,
  action,
  cut,
}: Pick<Message, 'record' | 'changes' | 'action' | 'cut'>): Content {
  if (cut !== undefined) {
    return html`<p>This row has ${bytes(cut.bytes)}, too much for a table of its columns. It begins with:</p>
      ${block(cut.beginning, 'Beginning of the row')}`
  }
  if (record === null) return html`<p>The table was emptied by <code>truncate</code>: there is no row.</p>`
  const names = Object.keys(record)
  const isUpdate = action === 'update'
  return html`<div class="scroll" role="region" aria-label="Columns of the row" tabindex="0">
    <table class="diff">
      <thead>
        <tr>
          <th scope="col">Column</th>
          ${isUpdate && html`<th scope="col">Before</th>`}
          <th scope="col">${action === 'delete' ? 'Last value' : isUpdate ? 'After' : 'Value'}</th>
        </tr>
      </thead>
      <tbody>
        ${names.slice(0, columnLimit).map((name) => {
          const changed = changes !== null && Object.hasOwn(changes, name)
          return html`<tr class="${changed ? 'changed' : ''}">
            <th scope="row">
              ${data(name, 100)}${changed && html` <span class="mark-changed">changed</span>`}
            </th>
            ${isUpdate && html`<td>${changed ? html`<del>${value(changes[name])}</del>` : html`<span class="none">same</span>`}</td>`}
            <td>${changed ? html`<ins>${value(record[name])}</ins>` : value(record[name])}</td>
          </tr>`
        })}
      </tbody>
    </table>
    ${names.length > columnLimit && html`<p class="below">and ${names.length - columnLimit} more columns, in the JSON below</p>`}
  </div>`
}

function value(given: unknown): Content {
  if (given === null) return html`<span class="none">null</span>`
  return html`<code>${data(printExact(given), 1000)}</code>`
}

/** So many columns, and characters of each, are shown on the line of a list. */
const previewColumns = 8
const previewLength = 40

/** A change on one line: of an update what is different, else the first columns. */
export function preview({
  record,
  changes,
  action,
  cut,
}: Pick<Message, 'record' | 'changes' | 'action' | 'cut'>): Content {
  if (cut !== undefined)
    return html`<span class="below">${bytes(cut.bytes)}</span>
      <code>${data(cut.beginning.slice(0, 200))}</code>`
  if (record === null) return html`<span class="none">–</span>`
  const isUpdate = action === 'update' && changes !== null
  const names = Object.keys(isUpdate ? changes : record)
  const short = (given: unknown) => data(printExact(given).slice(0, previewLength + 1), previewLength)
  const pair = (name: string) =>
    html`<span class="pair-of"
      ><span class="column">${data(name, 40)}</span>
      ${isUpdate && html`${short(changes[name])} <span class="column">→</span>`} ${short(record[name])}</span
    > `
  if (names.length === 0) return html`<span class="none">nothing that is sent changed</span>`
  return names.slice(0, previewColumns).map(pair)
}
