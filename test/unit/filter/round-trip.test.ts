import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFilter, FilterError, quoteIdentifier } from '../../../src/filter/index.ts'
import type { CompiledFilter, FilterPart } from '../../../src/filter/index.ts'
import { filterText } from './arbitrary.ts'
import { columns, types } from './orders.ts'

const compile = (text: string) => compileFilter(text, columns, { types })
const names = new Map(columns.map((c) => [c.attnum, quoteIdentifier(c.name)]))

/** A part as a user would have to write it. */
function asWritten(part: FilterPart): string {
  if (typeof part === 'string') return part
  if ('type' in part) return part.name
  return part.side === 'row' ? names.get(part.att)! : `${part.side}.${names.get(part.att)!}`
}

const same = ({ origins: _, ...filter }: CompiledFilter) => filter

describe('for any filter', () => {
  it('what is shown compiles to the same filter', async () => {
    await fc.assert(
      fc.asyncProperty(filterText, async (text) => {
        const compiled = await compile(text)
        expect(same(await compile(compiled.text))).toEqual(same(compiled))
      }),
      { numRuns: 400 },
    )
  })

  it('what is printed for the planner reads back as the same filter', async () => {
    await fc.assert(
      fc.asyncProperty(filterText, async (text) => {
        const compiled = await compile(text)
        const sql = compiled.parts.map(asWritten).join('')
        fc.pre(!sql.includes('pg_catalog.enum_')) // what users may not write themselves
        const again = await compile(sql)
        expect(same(again)).toEqual(same(compiled))
      }),
      { numRuns: 400 },
    )
  })

  it('the printed filter is one operand: it means the same inside any other expression', async () => {
    await fc.assert(
      fc.asyncProperty(filterText, async (text) => {
        const compiled = await compile(text)
        const sql = compiled.parts.map(asWritten).join('')
        fc.pre(!sql.includes('pg_catalog.enum_'))
        const inside = await compile(`not ${sql} is null`)
        expect(inside.parts.map(asWritten).join('')).toBe(`(NOT (${sql} IS NULL))`)
      }),
      { numRuns: 200 },
    )
  })

  it('the columns that it reports are those of its holes', async () => {
    await fc.assert(
      fc.asyncProperty(filterText, async (text) => {
        const { parts, columns: used, usesOld, usesNew } = await compile(text)
        const holes = parts.filter((p) => typeof p !== 'string' && 'side' in p)
        expect(used).toEqual([...new Set(holes.map((h) => h.att))].sort((a, b) => a - b))
        expect(usesOld).toBe(holes.some((h) => h.side === 'old'))
        expect(usesNew).toBe(holes.some((h) => h.side === 'new'))
      }),
      { numRuns: 200 },
    )
  })
})

describe('for any text at all', () => {
  const broken = fc
    .tuple(filterText, fc.nat(), fc.nat(4), fc.string({ unit: 'grapheme', maxLength: 3 }))
    .map(([text, at, length, piece]) => {
      const start = at % (text.length + 1)
      return text.slice(0, start) + piece + text.slice(start + length)
    })
  const anything = fc.oneof(
    broken,
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
  )

  it('the outcome is a filter, or a FilterError that points into the text', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (text) => {
        const outcome = await compile(text).catch((e: unknown) => e)
        const position = outcome instanceof FilterError ? (outcome.position ?? 1) : 1
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(FilterError)
        expect(position).toBeGreaterThanOrEqual(1)
        expect(position).toBeLessThanOrEqual(Array.from(text).length + 1)
      }),
      { numRuns: 600 },
    )
  })
})
