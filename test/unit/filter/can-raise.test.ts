import { describe, expect, it } from 'vitest'
import { compileFilter } from '../../../src/filter/index.ts'
import { columns, types } from './orders.ts'

const canRaise = async (text: string) => (await compileFilter(text, columns, { types })).canRaise

describe('a filter that cannot raise', () => {
  it.each([
    'id = 1',
    'mrr > 100 and status is distinct from old.status or active',
    'id < 9999999999 and small <> 1.5',
    'id = mrr',
    'ratio > 1.5 and ratio > id',
    "status in ('a', 'b') and status > 'a' and status = any ('{a}')",
    "history @> '{a}' and 'a' = any (history) and history = old.history",
    'email = \'x\' and email < old.email and email = old."user"',
    "email like 'a%' and \"user\" not like '%\\\\%'",
    "note = 'x' and note is distinct from old.note and nick <> 'y'",
    'nick = email',
    "status::text like 'a%'",
    "created_at > '2024-01-01' and day <= created_at",
    'span = old.span and ip <> old.ip',
    "doc @> '{}' and doc ? 'a' and doc ->> 'a' = 'b' and doc #>> '{a}' = 'x' and doc -> 0 = '1'",
    "doc['a'] = '1' and tags[1] = 'a' and tags[small] is null",
    "doc = old.doc and jsonb_typeof(doc -> 'a') = 'number'",
    'price > 10 and price between 1 and old.price',
    'place is null and num_nulls(place, address, status) = 0',
    '(id, email) is distinct from (old.id, old.email)',
    "(id, status) in ((1, 'a'), (2, 'b'))",
    'id = any (numbers) and id = any (array[1, 2]) and numbers && array[id]',
    'case when active then id when id = 2 then 3 else 4 end = 5',
    'coalesce(id, small) = 1 and greatest(id, mrr) = 2 and nullif(id, 1) = 2',
    "id::text = '1' and id::numeric = 2 and id::int8 = 3 and email::varchar(3) = 'x' and '5'::int2 = id",
    'length(email) > 3 and cardinality(tags) = 1 and array_length(history, 1) = 2',
    'not (active is not true)',
    'null',
  ])('%s', async (filter) => {
    expect(await canRaise(filter)).toBe(false)
  })
})

describe('a filter that can raise', () => {
  it.each<[filter: string, because: string]>([
    ['id / small = 1', 'division by zero'],
    ['id + 1 > 2', 'overflow'],
    ['- id > 2', 'overflow of the smallest integer'],
    ['mrr * mrr > 2', 'overflow'],
    ["created_at - old.created_at > '1 day'", 'overflow'],
    ['email::int = 1', 'not a number'],
    ["(doc ->> 'a')::int = 1", 'not a number'],
    ['doc::int = 1', 'not a number'],
    ['mrr::numeric(3,1) = 1', 'overflow of the modifier'],
    ['id::int2 = 1', 'overflow'],
    ['mrr > ratio', 'a numeric that is too big for a float'],
    ['ratio::int4 = 1', 'overflow'],
    ['day::timestamp is null', 'a date that no timestamp holds'],
    ['note = nick', 'two collations'],
    ['note = old.nick', 'two collations'],
    ["coalesce(note, nick) = 'x'", 'two collations'],
    ["note in (nick, 'x')", 'two collations'],
    ['(id, note) = (1, nick)', 'two collations'],
    ["nick like 'a%'", 'a collation that is not deterministic'],
    ["note like 'a%'", 'a collation that may not be deterministic'],
    ["email like 'a\\'", 'an escape at the end of the pattern'],
    ['email like note', 'a pattern of the row'],
    ["email like 'a' escape 'xx'", 'an escape that is too long'],
    ["email ilike 'a%'", 'a text too long to fold'],
    ["email ~ 'a('", 'a pattern that does not compile'],
    ["email similar to 'a('", 'a pattern that does not compile'],
    ["raw ->> 'a' = 'b'", 'an escape that text cannot hold'],
    ["email::json ->> 'a' = 'b'", 'not json'],
    ["doc @? '$.a'", 'errors of jsonpath'],
    ["lower(email) = 'x'", 'a text too long to fold'],
    ["substring(email, 1, id) = 'x'", 'a negative length'],
    ["split_part(email, 'a', id) = 'x'", 'field 0'],
    ['extract(year from created_at) > 1', 'not on a list of functions that never raise'],
    ["email || 'x' = 'y'", 'a text too long'],
    ['tags[id::int8] is null', 'a subscript too large'],
    ['coalesce(id, ratio) > 1', 'a conversion that is not known to be safe'],
    ['numbers = array[mrr]', 'a conversion of arrays'],
    ['span @> created_at', 'not on a list of operators that never raise'],
    ['active and id / 0 = 1 and active', 'it is anywhere inside'],
    ['case when active then id / id end = 1', 'it is in a branch'],
  ])('%s (%s)', async (filter) => {
    expect(await canRaise(filter)).toBe(true)
  })
})
