// The filter's editor: what is wrong is marked in the text itself while it is typed, and how many of the
// last changes would match is said beside it. The answer comes from POST /api/filters/check; this file
// only shows it. Without a script the check happens when the form is sent.
import { Hono } from 'hono'
import { data } from '../html/data.ts'
import { field } from '../html/form.ts'
import { type Content, type Html, html } from '../html/html.ts'
import { counted } from '../html/quantity.ts'
import { Refusal } from '../operations.ts'
import type { ConsoleEnv } from '../visit.ts'
import { filterOf } from './sinkDraft.ts'

/** POST /api/filters/check. */
type Verdict =
  | { valid: true; scanned: number; matched: number }
  | { valid: false; error: string; position: number | null }

export function filterCheck(): Hono<ConsoleEnv> {
  return new Hono<ConsoleEnv>().post('/filter-check', async (c) => {
    const { form, operations } = c.var
    const table = form.text('table')
    const filter = form.text('filter')
    if (filter === '') return c.json({ html: String(await noFilter), position: null })
    try {
      const verdict = await operations.post<Verdict>('/filters/check', { table, filter: filterOf(filter) })
      const position = verdict.valid ? null : verdict.position
      return c.json({ html: String(await words(verdict)), position })
    } catch (error) {
      if (!(error instanceof Refusal) || error.status === 401) throw error
      return c.json({
        html: String(await html`<span class="problem">${data(error.message)}</span>`),
        position: null,
      })
    }
  })
}

const noFilter = html`<span class="below">No filter: every change of the chosen actions is sent.</span>`

function words(verdict: Verdict): Html {
  if (!verdict.valid) {
    return html`<span class="problem"
      >${verdict.position !== null && `At character ${verdict.position}: `}${data(verdict.error, 1000)}</span
    >`
  }
  if (verdict.scanned === 0) {
    return html`<span class="fine">Valid.</span> No change of this table is retained yet to try it on.`
  }
  return html`<span class="fine">Valid.</span> ${counted(verdict.matched, 'change')} of the last
    ${verdict.scanned.toLocaleString('en')} would match.`
}

/** The editor; `problem` and `position` come from an API that refused the form. */
export function filterEditor(options: {
  name: string
  table: string
  value: string
  hint: Content
  problem?: Content
  position?: number | undefined
}): Html {
  const { name, table, value, hint, problem, position } = options
  return field(
    { name, label: 'Filter', hint },
    html`<div class="editor" data-filter data-table="${table}">
        <pre class="behind" aria-hidden="true">${marked(value, position)}</pre>
        <textarea
          id="f-${name}"
          name="${name}"
          rows="2"
          spellcheck="false"
          autocapitalize="off"
          placeholder="mrr > 100 and status is distinct from old.status"
          aria-describedby="h-${name} v-${name}"
          ${problem && html`aria-invalid="true"`}
        >
${value}</textarea>
      </div>
      <p class="verdict" id="v-${name}" aria-live="polite">
        ${problem ? html`<span class="problem">${position !== undefined && `At character ${position}: `}${problem}</span>` : value === '' ? noFilter : ''}
      </p>`,
  )
}

/** The text with the word at `position` (1-based, in characters) marked. */
function marked(text: string, position: number | undefined): Content {
  if (position === undefined) return text
  const characters = Array.from(text)
  const at = Math.min(position - 1, characters.length)
  const [word = ' '] = /^(?:\w+|\W)/u.exec(characters.slice(at).join('')) ?? []
  const before = characters.slice(0, at).join('')
  return [before, html`<mark>${word}</mark>`, text.slice(before.length + word.length)]
}
