import { describe, expect, it } from 'vitest'
import { compileFilter, userPosition } from '../../../src/filter/index.ts'
import { columns, planned, render, types } from './orders.ts'

async function positionOf(text: string, inPrinted: string): Promise<number | undefined> {
  const compiled = await compileFilter(text, columns, { types })
  const sql = planned(compiled)
  const index = sql.indexOf(inPrinted)
  expect(index, `${inPrinted} in ${sql}`).toBeGreaterThanOrEqual(0)
  return userPosition(compiled, render, Array.from(sql.slice(0, index)).length)
}

describe('a place in the printed filter leads back to', () => {
  const text = `"Größe ""cm""" > 1 and email > id and lower('🎉🎉') like '%🎉' and id::int8 = 77`

  it.each<[what: string, printed: string, written: string]>([
    ['a column', '"email"', 'email'],
    ['a column behind one whose quoted name is longer than it was written', '"id"', 'id and lower'],
    ['an operator', 'OPERATOR(pg_catalog.>) r."id"', '> id'],
    ['a function', 'pg_catalog.lower', 'lower'],
    ['a literal behind characters of two code units', "'%🎉'", "'%🎉'"],
    ['a cast', 'CAST(', '::int8'],
    ['the literal behind all', '77)', '77'],
  ])('%s', async (_, printed, written) => {
    const index = text.indexOf(written)
    expect(await positionOf(text, printed)).toBe(Array.from(text.slice(0, index)).length + 1)
  })

  it('a collation, although it is printed behind what it is for', async () => {
    expect(await positionOf(`email collate "C" = 'x'`, 'COLLATE')).toBe(7)
    expect(await positionOf(`email collate "C" = 'x'`, '"email"')).toBe(1)
  })

  it('the nearest thing before it, when the place itself was not written by the user', async () => {
    expect(await positionOf('active and id = 1', 'AND')).toBe(1)
  })
})
