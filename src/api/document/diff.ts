// What differs between two JSON values, by path.
import { isDeepStrictEqual } from 'node:util'

/** One difference; a side that is absent is undefined. */
export interface Difference {
  path: string
  before: unknown
  after: unknown
}

/** Differences of `after` from `before`; lists of plain values are compared as a whole. */
export function differences(before: unknown, after: unknown, path = ''): Difference[] {
  if (isDeepStrictEqual(before, after)) return []
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differences(before[key], after[key], path === '' ? key : `${path}.${key}`),
    )
  }
  if (isObjectList(before) && isObjectList(after)) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => i).flatMap((i) =>
      differences(before[i], after[i], `${path}[${i}]`),
    )
  }
  return [{ path, before, after }]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isObjectList(value: unknown): value is object[] {
  return Array.isArray(value) && value.length > 0 && value.every(isObject)
}
