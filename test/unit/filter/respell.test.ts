import { describe, expect, test } from 'vitest'
import { respell } from '../../../src/filter/index.ts'

const swapped = new Map([
  ['a', 'b'],
  ['b', 'a'],
  ['status', 'Zu stand'],
  ['é', 'order'],
])

describe('a filter whose columns were renamed', () => {
  test.each([
    ['a > 1', 'b > 1'],
    ["a > 1 and b = 'a'  -- ", "b > 1 and a = 'a'  -- "],
    ['old.a is distinct from new . a', 'old.b is distinct from new . b'],
    ["status = 'status' or \"status\" in ('x')", `"Zu stand" = 'status' or "Zu stand" in ('x')`],
    ["'éé€😀' = \"é\" and STATUS like 'é'", `'éé€😀' = "order" and "Zu stand" like 'é'`],
    [
      'case a when 1 then lower(b) else c end = any (array[a::text, b])',
      'case b when 1 then lower(a) else c end = any (array[b::text, a])',
    ],
    ['U&"\\0061" > 1', 'b > 1'],
    ['c[a] = 1 and (c).a is null', 'c[b] = 1 and (c).a is null'],
  ])('%s → %s', async (before, after) => {
    expect(await respell(before, swapped)).toBe(after)
  })

  test('in the structured form', async () => {
    const condition = { column: 'a', field_path: 'b', operator: '=', value: 'a' } as const
    expect(await respell(condition, swapped)).toEqual({ ...condition, column: 'b' })
    expect(await respell([condition, { column: 'c', operator: 'is_null' }], swapped)).toEqual([
      { ...condition, column: 'b' },
      { column: 'c', operator: 'is_null' },
    ])
  })
})
