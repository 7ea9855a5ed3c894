import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'

test.each([
  [String.raw`{"a":"\u0000"}`, String.raw`{"a":"\ufffd"}`],
  [String.raw`{"a":"\ud800"}`, String.raw`{"a":"\ufffd"}`],
  [String.raw`{"a":"\uD83D\ude00"}`, String.raw`{"a":"\uD83D\ude00"}`],
  [String.raw`{"a":"\ude00\ude00\ud83d\ude00\ude00"}`, String.raw`{"a":"\ufffd\ufffd\ud83d\ude00\ufffd"}`],
  [String.raw`{"a":"\\ud800\\\ud800\\\\u0000"}`, String.raw`{"a":"\\ud800\\\ufffd\\\\u0000"}`],
])('%s can be taken apart as %s', async (stored, readable) => {
  const { sql } = await createDatabase()
  const [row] = await sql`
    select r.document::text as document, json_object_keys(r.document) as key
    from rowhook.readable(${stored}::text::json) r(document)`
  expect(row).toEqual({ document: readable, key: 'a' })
})

test('a member is taken out of a document, and the rest keeps every letter', async () => {
  const { sql } = await createDatabase()
  const [row] = await sql`
    select rowhook.without('{"a":{"b": 1.0},"b":"x","c":null}', '{b,z}')::text as some,
      rowhook.without('{"b":"x"}', '{b}')::text as none, rowhook.without('{"b":"x"}', null)::text as all`
  expect(row).toEqual({ some: '{"a":{"b": 1.0},"c":null}', none: '{}', all: '{"b":"x"}' })
})
