// Fields of forms: a label, a hint, and what the API found wrong with what was typed.
import type { Refusal } from '../operations.ts'
import { data } from './data.ts'
import { type Content, type Html, html } from './html.ts'

/** What belongs to a field besides its input. */
export interface FieldParts {
  name: string
  label: string
  hint?: Content
  /** The message that stands below, if any. */
  problem?: Content
}

/** A field around any input; the input takes its attributes from `describedBy`. */
export function field({ name, label, hint, problem }: FieldParts, input: Content): Html {
  return html`<div class="field ${problem ? 'wrong' : ''}">
    <label for="f-${name}">${label}</label>
    ${input} ${hint && html`<p class="hint" id="h-${name}">${hint}</p>`}
    ${problem && html`<p class="problem" id="p-${name}">${problem}</p>`}
  </div>`
}

/** Options of a one-line input. */
export interface InputOptions extends FieldParts {
  value?: string | number | null | undefined
  type?: 'text' | 'number' | 'url' | 'password' | 'datetime-local'
  required?: boolean
  placeholder?: string
  min?: number
  max?: number
  step?: string
  maxlength?: number
  list?: string
  autocomplete?: string
}

/** A one-line input with its label. */
export function input(options: InputOptions): Html {
  const { name, value, type = 'text', required, placeholder, min, max, step, maxlength, list } = options
  return field(
    options,
    html`<input
      id="f-${name}"
      name="${name}"
      type="${type}"
      value="${type === 'datetime-local' ? withoutZone(value) : (value ?? '')}"
      ${required && html`required`}
      ${placeholder !== undefined && html`placeholder="${placeholder}"`}
      ${min !== undefined && html`min="${min}"`}
      ${max !== undefined && html`max="${max}"`}
      ${step !== undefined && html`step="${step}"`}
      ${maxlength !== undefined && html`maxlength="${maxlength}"`}
      ${list !== undefined && html`list="${list}"`}
      autocomplete="${options.autocomplete ?? 'off'}"
      ${type === 'text' || type === 'url' ? html`spellcheck="false" autocapitalize="off"` : ''}
      ${describedBy(options)}
    />`,
  )
}

/** The one form of a time that such an input takes: a link may say it with a fraction and its zone, UTC. */
function withoutZone(value: InputOptions['value']): string {
  return String(value ?? '').replace(/(?:\.\d+)?Z$/, '')
}

/** Several lines. */
export function textArea(
  options: FieldParts & { value?: string; rows?: number; placeholder?: string },
): Html {
  const { name, value = '', rows = 3, placeholder } = options
  return field(
    options,
    html`<textarea
      id="f-${name}"
      name="${name}"
      rows="${rows}"
      spellcheck="false"
      autocapitalize="off"
      ${placeholder !== undefined && html`placeholder="${placeholder}"`}
      ${describedBy(options)}
    >
${value}</textarea>`,
  )
}

/** One of several values. */
export function select(
  options: FieldParts & {
    value?: string | undefined
    choices: readonly (readonly [value: string, text: string])[]
  },
): Html {
  const { name, value, choices } = options
  return field(
    options,
    html`<select id="f-${name}" name="${name}" ${describedBy(options)}>
      ${choices.map(
        ([choice, text]) =>
          html`<option value="${choice}" ${choice === value && html`selected`}>${text}</option>`,
      )}
    </select>`,
  )
}

/** A box to tick. */
export function checkbox(name: string, label: Content, checked: boolean, value = 'on'): Html {
  return html`<label class="check">
    <input type="checkbox" name="${name}" value="${value}" ${checked && html`checked`} />
    <span>${label}</span>
  </label>`
}

/** The message of the first problem whose path is, or lies below, one of `paths`. */
export function problemAt(refusal: Refusal | undefined, ...paths: string[]): Content {
  const found = refusal?.problems.find(({ path }) =>
    paths.some((each) => path === each || path.startsWith(`${each}.`) || path.startsWith(`${each}[`)),
  )
  return found && data(found.message, 1000)
}

/** The whole refusal, above a form. */
export function refusalBox(refusal: Refusal | undefined): Html | false {
  return (
    refusal !== undefined &&
    html`<div class="refusal" role="alert">
      <strong>${refusal.title}.</strong> ${data(refusal.message, 2000)}
    </div>`
  )
}

function describedBy({ name, hint, problem }: FieldParts): Content {
  const ids = [hint && `h-${name}`, problem && `p-${name}`].filter(Boolean).join(' ')
  return [ids !== '' && html`aria-describedby="${ids}"`, problem ? html` aria-invalid="true"` : '']
}
