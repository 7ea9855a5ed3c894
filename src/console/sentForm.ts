// A form that was sent, as texts: pages take no files.

/** Fields by name. */
export interface SentForm {
  /** The first value, trimmed; empty when the field is not there. */
  text(name: string): string
  /** All values of a field that may have several. */
  list(name: string): string[]
  has(name: string): boolean
  /** All fields in order, as they came. */
  fields: readonly (readonly [name: string, value: string])[]
}

export function sentForm(data: FormData): SentForm {
  const fields = [...data.entries()].filter(
    (field): field is [string, string] => typeof field[1] === 'string',
  )
  const list = (name: string) => fields.filter(([each]) => each === name).map(([, value]) => value)
  return { fields, list, text: (name) => (list(name)[0] ?? '').trim(), has: (name) => list(name).length > 0 }
}
