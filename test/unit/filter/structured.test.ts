import { describe, expect, it } from 'vitest'
import { compileFilter, FilterError } from '../../../src/filter/index.ts'
import type { StructuredFilter } from '../../../src/filter/index.ts'
import { columns, types } from './orders.ts'

const compile = (filter: unknown) => compileFilter(filter as StructuredFilter, columns, { types })

describe('a structured filter', () => {
  it.each<[filter: StructuredFilter | StructuredFilter[], sql: string]>([
    [{ column: 'id', operator: '=', value: 1 }, 'id = 1'],
    [{ column: 'id', operator: '!=', value: -1 }, 'id <> (-1)'],
    [{ column: 'mrr', operator: '>=', value: 1.5 }, 'mrr >= 1.5'],
    [{ column: 'mrr', operator: '<', value: '12345678901234567890.5' }, "mrr < '12345678901234567890.5'"],
    [{ column: 'mrr', operator: '<=', value: 3e10 }, 'mrr <= 30000000000'],
    [{ column: 'active', operator: '=', value: true }, 'active = TRUE'],
    [{ column: 'email', operator: '=', value: "it's \\ 🎉" }, "email = E'it''s \\\\ 🎉'"],
    [{ column: 'email', operator: 'like', value: 'a%' }, "email LIKE 'a%'"],
    [{ column: 'status', operator: 'in', value: ['a', 'b'] }, "status IN ('a', 'b')"],
    [{ column: 'id', operator: 'not_in', value: [1, 2] }, 'id NOT IN (1, 2)'],
    [{ column: 'place', operator: 'is_null' }, 'place IS NULL'],
    [{ column: 'place', operator: 'is_not_null', value: null }, 'place IS NOT NULL'],
    [{ column: 'Größe "cm"', operator: '>', value: 180 }, '"Größe ""cm""" > 180'],
    [{ column: 'doc', operator: '=', value: { a: [1, "'"] } }, `doc = CAST('{"a":[1,"''"]}' AS jsonb)`],
    [
      [
        { column: 'id', operator: '=', value: 1 },
        { column: 'active', operator: '=', value: false },
      ],
      '(id = 1) AND (active = FALSE)',
    ],
    [[{ column: 'id', operator: '=', value: 1 }], 'id = 1'],
    [
      { column: 'doc', field_path: 'a.0.b', operator: '=', value: 'x' },
      "(doc #>> ARRAY['a', '0', 'b']) = 'x'",
    ],
    [{ column: 'raw', field_path: 'a', operator: 'like', value: 'x%' }, "(raw #>> ARRAY['a']) LIKE 'x%'"],
    [{ column: 'doc', field_path: 'a', operator: 'is_null' }, "(doc #>> ARRAY['a']) IS NULL"],
    [{ column: 'doc', field_path: null, operator: 'is_null' }, 'doc IS NULL'],
    [
      { column: 'doc', field_path: 'a', operator: 'not_in', value: ['x', 'y'] },
      "(doc #>> ARRAY['a']) NOT IN ('x', 'y')",
    ],
    [
      { column: 'doc', field_path: 'a', operator: '>', value: 5 },
      "CASE WHEN (jsonb_typeof((doc #> ARRAY['a'])) = 'number') THEN ((doc #> ARRAY['a']) > CAST('5' AS jsonb)) END",
    ],
    [
      { column: 'raw', field_path: 'a', operator: '>', value: 5 },
      "CASE WHEN (json_typeof((raw #> ARRAY['a'])) = 'number') THEN (CAST((raw #>> ARRAY['a']) AS numeric) > 5) END",
    ],
    [
      { column: 'doc', field_path: 'a', operator: 'in', value: [true, false] },
      "CASE WHEN (jsonb_typeof((doc #> ARRAY['a'])) = 'boolean') THEN ((doc #> ARRAY['a']) IN (CAST('true' AS jsonb), CAST('false' AS jsonb))) END",
    ],
  ])('%j means %s', async (filter, sql) => {
    const structured = await compile(filter)
    expect(structured.text.replace(/^\((CASE .* END)\)$/, '$1')).toBe(sql)
    // The same tree as the text: the same parts, and the same verdict on raising.
    const { parts, canRaise } = await compileFilter(sql, columns, { types })
    expect(structured.parts).toEqual(parts)
    expect(structured.canRaise).toBe(canRaise)
  })

  it('compares inside jsonb without anything that could raise', async () => {
    const filter = await compile({ column: 'doc', field_path: 'a', operator: '>', value: 5 })
    expect(filter.canRaise).toBe(false)
  })

  it.each<[what: string, filter: unknown, path: string, message: RegExp]>([
    ['an empty list', [], '', /list of conditions is empty/],
    ['a null in the list', [null], '[0]', /a condition is an object/],
    ['an unknown field', { column: 'id', operator: '=', value: 1, type: 'int' }, '.type', /is not a field/],
    ['an unknown column', { column: 'stauts', operator: '=', value: 1 }, '.column', /did you mean "status"/],
    ['a side', { column: 'old.id', operator: '=', value: 1 }, '.column', /does not exist/],
    ['SQL as a column', { column: 'id = 1 or id', operator: '=', value: 1 }, '.column', /does not exist/],
    ['a column of another kind', { column: { a: 1 }, operator: '=', value: 1 }, '.column', /does not exist/],
    ['an unknown operator', { column: 'id', operator: '; drop', value: 1 }, '.operator', /has to be one of/],
    [
      'a prototype as operator',
      { column: 'id', operator: 'constructor', value: 1 },
      '.operator',
      /has to be one of/,
    ],
    ['no value', { column: 'id', operator: '=' }, '.value', /needs a value; to look for nulls use is_null/],
    ['null as value', { column: 'id', operator: '=', value: null }, '.value', /use is_null/],
    ['a value too many', { column: 'id', operator: 'is_null', value: 1 }, '.value', /takes no value/],
    [
      'an object as value',
      { column: 'id', operator: '=', value: {} },
      '.value',
      /has to be a string, a number/,
    ],
    [
      'a number for text',
      { column: 'email', operator: '=', value: 1 },
      '.value',
      /has to be a string, because column email is text/,
    ],
    ['no list', { column: 'id', operator: 'in', value: 1 }, '.value', /needs a list/],
    ['an empty value list', { column: 'id', operator: 'in', value: [] }, '.value', /at least one value/],
    [
      'a null in a value list',
      { column: 'id', operator: 'not_in', value: [1, null] },
      '.value',
      /the list may hold/,
    ],
    ['like with a number', { column: 'email', operator: 'like', value: 5 }, '.value', /like needs a string/],
    [
      'a path into no json',
      { column: 'id', field_path: 'a', operator: '=', value: 1 },
      '.field_path',
      /not json/,
    ],
    [
      'an empty path',
      { column: 'doc', field_path: '', operator: '=', value: 1 },
      '.field_path',
      /single dots/,
    ],
    [
      'a path with a hole',
      { column: 'doc', field_path: 'a..b', operator: '=', value: 1 },
      '.field_path',
      /single dots/,
    ],
    ['json without a path', { column: 'raw', operator: '=', value: 'x' }, '.operator', /give a field_path/],
    [
      'mixed kinds in json',
      { column: 'doc', field_path: 'a', operator: 'in', value: [1, 'x'] },
      '.value',
      /one of these kinds/,
    ],
    [
      'an infinite number',
      { column: 'doc', field_path: 'a', operator: '=', value: Infinity },
      '.value',
      /finite/,
    ],
    [
      'a number that JSON has rounded',
      { column: 'id', operator: '=', value: 2 ** 53 + 2 },
      '.value',
      /give it as a string/,
    ],
    [
      'such a number in a list',
      { column: 'doc', field_path: 'a', operator: 'in', value: [1, -(2 ** 60)] },
      '.value',
      /give it as a string/,
    ],
    ['a NUL in a value', { column: 'email', operator: '=', value: 'a\0b' }, '.value', /NUL/],
    ['half a surrogate pair', { column: 'email', operator: '=', value: '\ud800' }, '.value', /surrogate/],
    [
      'a NUL in a path',
      { column: 'doc', field_path: 'a\0', operator: '=', value: 'x' },
      '.field_path',
      /NUL/,
    ],
    [
      'a value that is too long',
      { column: 'email', operator: '=', value: 'x'.repeat(10_001) },
      '',
      /characters as JSON; the most is 10000/,
    ],
  ])('refuses %s, and names the field', async (_what, filter, path, message) => {
    const error = await compile(filter).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(FilterError)
    expect((error as FilterError).message).toMatch(message)
    expect((error as FilterError).path ?? '').toBe(path)
  })

  it('names the condition of a list', async () => {
    const error = await compile([
      { column: 'id', operator: '=', value: 1 },
      { column: 'id', operator: '==', value: 1 },
    ]).catch((e: unknown) => e)
    expect(error).toMatchObject({ path: '[1].operator' })
  })
})
