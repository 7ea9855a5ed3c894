// Postgres as the oracle: what is printed gives, row by row, what the user's own text gives.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { compileFilter } from '../../../src/filter/index.ts'
import { createDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { filterText } from '../../unit/filter/arbitrary.ts'
import { createOrders, evaluate, plans, printed } from './orders.ts'
import type { Orders } from './orders.ts'

const syntaxError = '42601'

let database: TestDatabase
let orders: Orders

beforeAll(async () => {
  database = await createDatabase()
  orders = await createOrders(database.sql)
})

describe('the printed filter', () => {
  it('gives what the text gives, for any filter', async () => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(filterText, async (text) => {
        // Plain SQL knows no sides; that they are kept apart is for the tests of capture.
        const bare = text.replaceAll(/\b(old|new)\./g, '')
        const compiled = await compileFilter(bare, orders.columns, orders)
        const expected = await evaluate(database.sql, `(${bare})`)
        // Our grammar is that of 18: it reads 0x1f and 1_000, which older servers do not.
        fc.pre(expected !== syntaxError)
        expect(await evaluate(database.sql, printed(compiled, orders.columns))).toEqual(expected)
        if (typeof expected !== 'string') compared++
      }),
      { numRuns: 400 },
    )
    expect(compared).toBeGreaterThan(50)
  })

  it('never raises on a row when it says that it cannot', async () => {
    let safe = 0
    await fc.assert(
      fc.asyncProperty(filterText, async (text) => {
        const compiled = await compileFilter(text, orders.columns, orders)
        const sql = printed(compiled, orders.columns)
        if (compiled.canRaise || !(await plans(database.sql, sql))) return
        safe++
        expect(await evaluate(database.sql, sql), compiled.text).toBeInstanceOf(Array)
      }),
      { numRuns: 600 },
    )
    expect(safe).toBeGreaterThan(50)
  })

  it.each([
    "email like 'a%' and \"user\" like 'a%' and note < 'b'",
    'mrr > id and mrr < 3 and ratio > 1.5 and ratio > id and small < "Größe ""cm"""',
    'day < created_at and created_at > ts and ts < day',
    "status in ('a', 'b') and status > 'a' and status::text like 'a%' and history::text like '{%'",
    "history @> '{a}' and 'a' = any (history)",
    "status = any (array['a', 'b']::order_status[])",
    "(id, status) in ((1, 'a'), (2, 'b')) and (id, email) is not distinct from (1, 'a')",
    "doc ->> 'a' = 'x' and doc -> 0 is null and doc #>> '{2,a}' = 'x' and doc @> '{}' and doc ? 'a'",
    "jsonb_typeof(doc) = 'object' and doc['a'] = '\"x\"'",
    'price > 0.5 and price between 1 and 2 and price::text <> email',
    'tags[1] = email and numbers[small] = 3 and numbers && array[id] and cardinality(numbers) > 1',
    'address is null or num_nulls(address, status, nick) = 0',
    "nick = 'É' and nick = email and nick is distinct from 'x'",
    'coalesce(id, small) = 1 and greatest(id, mrr) = 2 and least(small, id) = 1',
    "id::text = '1' and mrr::text = '1' and ratio::text = '1' and created_at::text = 'x' and spent::text = 'x'",
    "ts::date = day and ts::time = '10:00' and doc::text = 'x' and \"user\"::varchar(3) = 'x'",
    'length(email) > 3 and isfinite(created_at) and isempty(span) and upper_inf(span)',
    "case when id = 1 then status when active then 'b' end = 'a'",
    "span = '[2024-01-01,2025-01-01)' and ip <> '::1' and spent > '1 day'",
    "id in (1, 2.5, '3') and ratio in (1, 2.5)",
  ])('plans, cannot raise, and does not: %s', async (text) => {
    const compiled = await compileFilter(text, orders.columns, orders)
    expect(compiled.canRaise).toBe(false)
    expect(await evaluate(database.sql, printed(compiled, orders.columns))).toBeInstanceOf(Array)
  })

  it.each([
    "lower(email) = 'a' and position('a' in email) = 1 and substring(email from 1 for 1) = 'a'",
    "extract(year from created_at) = 2024 and date_trunc('day', created_at) = '2024-01-01'",
    "ts at time zone 'Europe/Berlin' at time zone 'UTC' < '2024-01-01'",
    "email ~ '^a' and email similar to 'a%' escape '!' and email not ilike 'B%'",
    "overlay(email placing 'x' from 1 for 1) = 'x' and trim(both 'a' from email) = ''",
    "normalize(note, nfc) = 'a' and note is normalized",
    '(ts, ts) overlaps (ts, spent)',
    "words @@ 'a' and doc @? '$.a' and doc @@ '$.n > 1'",
    "interval '1' day < spent and spent > interval(3) '1 hour' and ts > timestamp(0) '2024-01-01'",
    "b'101' = b'101'::bit(3) and x'f'::varbit <> b'1' and email::\"char\" = 'a' and email::char(2) = 'a'",
    "'{1,2}'::int[] = numbers and array[]::int[] <> numbers and array[array[1,2],array[3,4]] = numbers",
    'span && tstzrange(created_at, null) and lower(span) < created_at and not span -|- span',
    "date_bin('1 day', ts, '2024-01-01') = ts and make_date(2024, 1, 1) = day",
    "ip << '10.0.0.0/8' and host(ip) = '10.0.0.1' and ip & '255.0.0.0' = '10.0.0.0'",
    "'(1,2)'::point <-> '(1,3)'::point = 1 and '((0,0),(1,1))'::box @> '(0,0)'::point",
    "jsonb_path_exists(doc, '$.a', '{}') and to_jsonb(id) = '1' and jsonb_build_object('a', id) @> '{}'",
    "'a' = any (history)",
    "'b' = any (history)",
    "not ('shipped' = any (history))",
    'status = any (history) is null',
    'status <> all (history)',
    "status = any ('{}') or null = any (history)",
    "not (status between symmetric 'b' and 'a')",
    "status not between 'a' and 'b' or status not in ('a', null)",
    "nullif(status, 'a') is null and nullif(status, null) is null",
    "status is not distinct from null or status is distinct from 'a'",
    "case status when 'a' then 1 when null then 2 else 3 end = 1",
    "(status, id) is distinct from ('a', 1) and (id, status) is not distinct from (null, null)",
    "(status, id) not in (('a', 1), ('b', null)) or (status, id) <> ('a', null)",
    "history is distinct from '{a}' and history <= '{b}' and history <@ '{a,b}' or history && '{b}'",
    "array_position(tags, 'b') = 2 or array_position(history, 'b') = 2",
  ])('gives what the text gives: %s', async (text) => {
    const compiled = await compileFilter(text, orders.columns, orders)
    const wanted = await evaluate(database.sql, `(${text})`)
    expect(await evaluate(database.sql, printed(compiled, orders.columns))).toEqual(wanted)
  })
})
