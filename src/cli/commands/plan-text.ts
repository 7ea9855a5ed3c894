// What a plan changes, as a diff that people read.
import type { PlannedChange } from '../../api/document/schema.ts'
import { type Paint, type Style, printable } from '../terminal/text.ts'

const signs: Record<PlannedChange['action'], { sign: string; style: Style }> = {
  create: { sign: '+', style: 'green' },
  update: { sign: '~', style: 'yellow' },
  delete: { sign: '-', style: 'red' },
}

/** A line for each resource, and one for each field of it that changes. */
export function planLines(changes: readonly PlannedChange[], paint: Paint): string[] {
  return changes.flatMap(({ action, kind, name, diff }) => {
    const { sign, style } = signs[action]
    const head = paint(style, `${sign} ${kind} ${printable(name)}`)
    if (action === 'delete') return [head]
    return [
      head,
      ...diff
        .filter(({ after }) => action === 'update' || !isEmpty(after))
        .map(({ path, before, after }) => {
          const shown = action === 'create' ? paint('green', valueText(after)) : change(before, after, paint)
          return `    ${printable(path)}: ${shown}`
        }),
    ]
  })
}

/** `1 to create, 2 to change, nothing to delete`. */
export function planSummary(changes: readonly PlannedChange[], tense: 'planned' | 'done'): string {
  if (changes.length === 0) return 'Nothing to do: the configuration is that of the document.'
  const count = (action: PlannedChange['action']) => changes.filter((each) => each.action === action).length
  const verbs = tense === 'done' ? ['created', 'changed', 'deleted'] : ['to create', 'to change', 'to delete']
  const parts = (['create', 'update', 'delete'] as const).map((action, i) => `${count(action)} ${verbs[i]}`)
  return `${parts.join(', ')}.`
}

function change(before: unknown, after: unknown, paint: Paint): string {
  if (before === undefined) return paint('green', valueText(after))
  if (after === undefined) return paint('red', `${valueText(before)} (not set any more)`)
  return `${paint('red', valueText(before))} → ${paint('green', valueText(after))}`
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && Object.keys(value).length === 0
}

function valueText(value: unknown): string {
  return printable(JSON.stringify(value) ?? 'not set')
}
