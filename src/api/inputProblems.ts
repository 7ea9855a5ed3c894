// valibot's issues → problems in plain words. Never quotes the value that was given: it may be a secret.
import type * as v from 'valibot'
import type { InputProblem } from '../errors.ts'

/** A problem for each issue, said once, with a path such as `tables[0].filter`. */
export function problemsOf(issues: readonly v.BaseIssue<unknown>[]): InputProblem[] {
  const problems = issues.map((issue): InputProblem => {
    // valibot takes a list for an object, and then complains about its entries.
    const list = issue.path?.findIndex(({ type, input }) => type === 'object' && Array.isArray(input)) ?? -1
    if (list === -1) return { path: pathOf(issue.path), message: messageOf(issue) }
    return { path: pathOf(issue.path!.slice(0, list)), message: 'must be an object' }
  })
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}

/** `tables[0].filter`; a key that is no plain name stands in brackets and quotes. */
function pathOf(items: readonly v.IssuePathItem[] | undefined): string {
  let path = ''
  for (const { key } of items ?? []) {
    if (typeof key === 'number') path += `[${key}]`
    else if (typeof key === 'string' && /^[A-Za-z0-9_-]{1,100}$/.test(key))
      path += path === '' ? key : `.${key}`
    else path += `[${JSON.stringify(String(key).slice(0, 100))}]`
  }
  return path
}

const kinds: Record<string, string> = {
  string: 'must be a string',
  number: 'must be a number',
  boolean: 'must be true or false',
  array: 'must be a list',
  object: 'must be an object',
  strict_object: 'must be an object',
  record: 'must be an object',
  null: 'must be null',
}

function messageOf(issue: v.BaseIssue<unknown>): string {
  const { type, expected, requirement } = issue
  if (type === 'strict_object' && expected === 'never') return 'is not a known field'
  // An object's issue about a key: the key is missing, whatever its own type would be.
  if ((type === 'strict_object' || type === 'object') && expected !== 'Object') return 'is required'
  switch (type) {
    case 'picklist':
      return `must be one of ${expected?.replace(/^\(|\)$/g, '').replaceAll(' | ', ', ')}`
    case 'union':
      return `must be ${expected?.replace(/^\(|\)$/g, '').replaceAll(' | ', ' or ')}`
    case 'integer':
      return 'must be a whole number'
    case 'finite':
      return 'must be a finite number'
    case 'min_value':
      return `must be at least ${String(requirement)}`
    case 'max_value':
      return `must be at most ${String(requirement)}`
    case 'gt_value':
      return `must be more than ${String(requirement)}`
    case 'min_length':
    case 'non_empty':
      return 'must not be empty'
    case 'max_length':
      return `must have at most ${String(requirement)} entries or characters`
    default:
      return kinds[type] ?? issue.message
  }
}
