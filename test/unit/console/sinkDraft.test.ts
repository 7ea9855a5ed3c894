import { describe, expect, test } from 'vitest'
import { parseExact, printExact } from '../../../src/console/exactJson.ts'
import { draftOf, filterText } from '../../../src/console/pages/sinkDraft.ts'
import { sentForm } from '../../../src/console/sentForm.ts'

function formOf(fields: [string, string][]) {
  const form = new FormData()
  for (const [name, value] of fields) form.append(name, value)
  return sentForm(form)
}

const delivery: [string, string][] = [
  ['name', 'orders'],
  ['endpoint', 'app'],
  ['batch_size', '10'],
  ['batch_timeout_ms', '0'],
  ['request_timeout_ms', '30000'],
  ['message_type', 'changes'],
  ['concurrency', '16'],
]

describe('the form of a sink', () => {
  test('becomes the body that the API takes', () => {
    const draft = draftOf(
      formOf([
        ...delivery,
        ['rate_limit', '2.5'],
        ['t0.name', 'public.orders'],
        ['t0.actions', 'insert'],
        ['t0.actions', 'update'],
        ['t0.filter', ' price > 100 '],
        ['t0.order', 'columns'],
        ['t0.group_by', 'customer_id'],
        ['t0.exclude_columns', 'note'],
        ['t1.name', 'public.items'],
        ['t1.order', 'none'],
      ]),
    )
    expect(draft).toMatchObject({
      name: 'orders',
      batch: true,
      batch_size: 10,
      max_retry_count: null,
      rate_limit: 2.5,
      tables: [
        {
          name: 'public.orders',
          actions: ['insert', 'update'],
          filter: 'price > 100',
          group_by: ['customer_id'],
          exclude_columns: ['note'],
        },
        { name: 'public.items', actions: [], filter: null, group_by: [] },
      ],
    })
  })

  test('leaves out a table that is to be taken out', () => {
    const tables = draftOf(
      formOf([
        ['t0.name', 'a'],
        ['t0.remove', 'on'],
        ['t1.name', 'b'],
      ]),
    ).tables
    expect(tables.map(({ name }) => name)).toEqual(['b'])
  })

  test('passes on what is no number, for the API to say so', () => {
    expect(
      draftOf(
        formOf([
          ['batch_size', 'many'],
          ['rate_limit', 'x'],
        ]),
      ),
    ).toMatchObject({ batch_size: 'many', rate_limit: 'x' })
  })

  test('keeps a structured filter structured', () => {
    const [table] = draftOf(
      formOf([
        ['t0.name', 'a'],
        ['t0.filter', '[{"column":"x"}]'],
      ]),
    ).tables
    expect(table!.filter).toEqual([{ column: 'x' }])
    expect(filterText(table!.filter)).toBe('[{"column":"x"}]')
  })
})

describe('JSON of rows', () => {
  test.each([
    '{"id":9007199254740993,"price":1.10,"e":1e400,"z":-0.0,"n":1,"t":"1.10"}',
    '[0.1000,{"a":12345678901234567890}]',
  ])('keeps every digit of %s', (text) => {
    expect(JSON.stringify(parseExact(text))).toBe(text)
  })

  test('prints a value on one line', () => {
    const row = parseExact('{"a":"text","b":1.10,"c":{"d":[1.0]},"e":null}') as Record<string, unknown>
    expect(Object.values(row).map(printExact)).toEqual(['text', '1.10', '{"d":[1.0]}', 'null'])
  })
})
