import { describe, expect, it } from 'vitest'
import { compileFilter, FilterError } from '../../../src/filter/index.ts'
import { columns, types } from './orders.ts'

async function refusal(text: string): Promise<FilterError> {
  try {
    await compileFilter(text, columns, { types })
  } catch (error) {
    if (error instanceof FilterError) return error
    throw error
  }
  throw new Error(`${text} was accepted`)
}

describe('a refused filter', () => {
  it.each<[filter: string, at: string | number, message: RegExp]>([
    // Positions are given as the text that they point at, or as a number.
    ['stauts = 1', 'stauts', /column "stauts" does not exist; did you mean "status"/],
    ['id = 1 and emial = 2', 'emial', /did you mean "email"/],
    ["email = '🎉🎉🎉' and nope = 1", 'nope', /column "nope" does not exist; did you mean "note"/],
    ["email = '🎉' and pg_sleep(1) is null", 'pg_sleep', /it waits/],
    ["'é' = email or id = (select 1)", '(select', /subqueries/],
    ['old.nope = 1', 'old', /column "nope"/],
    ['id = 1 and', 'and', /"and" at its end does not belong/],
    ["'🎉' = (email", 13, /ends too early/],
    ["'🎉' = email)", ')', /syntax error at or near "\)"/],
    ["'🎉' = email = 'x'", "= 'x'", /syntax error at or near "="/],
    ["'🎉' = 'abc", "'abc", /unterminated quoted string/],
    ["'🎉' = email; select 1", ';', /semicolon/],
    ["'🎉' = email -- x", '--', /comments/],
    ["'🎉' = /* x */ email", '/*', /comments/],
    ["'🎉' is distinct from (trim(both from email)) from pg_class", 'from pg_class', /another clause/],
    ["'🎉' = email WHERE id = 1", 'WHERE', /another clause/],
    ["'🎉' = email union select 1", 'union', /another clause/],
    ["'🎉' = email, id", 'id', /must not be a list/],
    ["'🎉' <-> email ==== id", '====', /operator ==== is not a built-in one/],
    ["'🎉' = email::public.nope", 'public.nope', /type public\.nope is not a built-in type/],
    ["email = 'é' and \n id::regclass = 1", 'regclass', /looked up in the catalogs/],
    ['mrr ^ 2 > 4', '^', /operator \^ is not allowed: on numeric/],
    ['lower(email, 1) = 2', 'lower', /takes 1 argument here, not 2/],
    ["date 'today' = day", "'today'", /'today' would be read once/],
    ['status = email', '=', /the enum public\.order_status can only be compared/],
    ['place = place', 'place', /can only be tested with is null/],
    ['(address).city = 1', 'address', /can only be tested with is null/],
    ['(doc).city = 1', 'doc', /fields of composite values/],
    ['ctid is null', 'ctid', /is a system column/],
    ["user = 'x'", 'user', /for the column of that name write "user", with the quotes/],
    ['id in (1, (2, 3))', '(2', /row value can only be compared/],
    ['new is distinct from old', 'new', /whole row: name a column of it, as in new\.id/],
    ['orders.id = 1', 'orders', /orders\.id is not a column/],
  ])('%s points at %s', async (filter, at, message) => {
    const error = await refusal(filter)
    expect(error.message).toMatch(message)
    const expected = typeof at === 'number' ? at : Array.from(filter.slice(0, filter.indexOf(at))).length + 1
    // "Too early" points just behind the text, as an editor's caret would.
    expect(error.position).toBe(expected)
    expect(error).toMatchObject({ code: 'invalid_filter', status: 400 })
  })

  it('counts characters, not bytes or UTF-16 units, in front of the fault', async () => {
    for (const before of ['', 'aé', '日本', '🎉', '👩‍👩‍👧‍👧', 'e\u0301']) {
      const text = `'${before}' = nope`
      expect((await refusal(text)).position).toBe(Array.from(before).length + 6)
    }
  })

  it('asks for a condition when there is none', async () => {
    for (const text of ['', ' ', '\n\t']) expect((await refusal(text)).message).toMatch(/the filter is empty/)
  })

  it('asks for a comparison where the value is surely no condition', async () => {
    expect((await refusal('status')).message).toMatch(/has to be true or false/)
    expect((await refusal('place')).message).toMatch(/has to be true or false/)
    expect((await refusal('(id, email)')).message).toMatch(/has to be true or false/)
    expect((await refusal('active and status')).message).toMatch(/is not true or false/)
  })
})
