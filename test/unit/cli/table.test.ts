import { describe, expect, test } from 'vitest'
import { indentJson } from '../../../src/cli/terminal/json.ts'
import { tableLines } from '../../../src/cli/terminal/table.ts'
import { cut, painter, printable, width } from '../../../src/cli/terminal/text.ts'

interface Row {
  name: string
  count: number
  note: string | null
}
const columns = [
  { heading: 'NAME', value: ({ name }: Row) => name },
  { heading: 'COUNT', value: ({ count }: Row) => count, align: 'right' as const },
  { heading: 'NOTE', value: ({ note }: Row) => note, elastic: true },
]
const lines = (rows: Row[], available?: number) => tableLines(columns, rows, available, painter(false))

describe('a table', () => {
  test('aligns columns and shows what is missing as a dash', () => {
    expect(
      lines([
        { name: 'orders', count: 5, note: null },
        { name: 'a', count: 1200, note: 'late' },
      ]),
    ).toEqual(['NAME    COUNT  NOTE', 'orders      5  -', 'a        1200  late'])
  })

  test('cuts elastic columns to the width of the terminal, and others never', () => {
    const [, row] = lines([{ name: 'a-name-that-is-long', count: 1, note: 'x'.repeat(200) }], 50)
    expect(row).toHaveLength(50)
    expect(row).toMatch(/^a-name-that-is-long {6}1 {2}x+…$/)
  })

  test('aligns wide characters by the columns that they fill', () => {
    const [, first, second] = lines([
      { name: '注文', count: 1, note: 'a' },
      { name: 'abcd', count: 1, note: 'b' },
    ])
    expect(width(first!)).toBe(width(second!))
  })

  test('shows control characters instead of obeying them', () => {
    const [, row] = lines([{ name: 'a\u001b[2Jb\n\u202ec', count: 1, note: '' }])
    expect(row).toContain('a\\u001b[2Jb\\n\\u202ec')
  })
})

test('text is cut between characters, not within', () => {
  expect(cut('ab👩‍👩‍👧cd', 4)).toBe('ab…')
  expect(cut('abcd', 4)).toBe('abcd')
  expect(printable('tab\tend')).toBe('tab\\tend')
})

test('JSON is indented with every digit of its numbers', () => {
  const text = '{"id":12345678901234567890,"price":1.10,"n":1e400}'
  expect(indentJson(text).replaceAll(/\s/g, '')).toBe(text)
})
