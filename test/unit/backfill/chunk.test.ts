import { expect, test } from 'vitest'
import { createChunk } from '../../../src/backfill/chunk.ts'
import type { ChunkOptions, ChunkRow } from '../../../src/backfill/chunk.ts'
import type { Action, EventRow } from '../../../src/log/events.ts'

const row = (key: string, fields: Partial<EventRow> = {}): EventRow => ({
  event_id: 1,
  source_id: 7,
  action: 'r',
  grp: null,
  old_grp: null,
  pks: [key],
  old_pks: null,
  captured_at: '',
  xid: '1',
  record: Buffer.from('{}'),
  changes: null,
  annotations: null,
  hidden: null,
  undecided: false,
  size: 10,
  ...fields,
})
const event = (action: Action, key: string, xid: string, fields: Partial<EventRow> = {}) =>
  row(key, { action, xid, ...fields })

const readRow = (key: string, fields: Partial<ChunkRow> = {}): ChunkRow => ({
  pks: [key],
  grp: null,
  record: '{"a":1000}',
  error: null,
  cursor: null,
  ...fields,
})

const chunkOf = (keys: string[], options: Partial<ChunkOptions> = {}) =>
  createChunk({
    tableId: 1,
    backfillId: 'b',
    sourceId: 7,
    rows: keys.map((key) => readRow(key)),
    ids: [501, 502, 503, 504, 505],
    readAt: '2026-01-01T00:00:00.000000Z',
    snapshot: '100:110:102,105',
    hidden: null,
    rowsBefore: 1000,
    cursor: ['end'],
    done: false,
    size: 50,
    tick: 3,
    ...options,
  })
const keysOf = ({ rows }: { rows: EventRow[] }) => rows.map(({ pks }) => pks[0])

test('rows leave in order, each slice with the progress that holds behind it', () => {
  const chunk = chunkOf(['a', 'b', 'c'], { done: true })
  const first = chunk.take(2, 1e6)
  expect(keysOf(first)).toEqual(['a', 'b'])
  expect(first.step).toEqual({ id: 1, cursor: ['b'], rows: 1002, done: false, size: 50 })
  expect(chunk.isEmpty).toBe(false)
  const second = chunk.take(2, 1e6)
  expect(keysOf(second)).toEqual(['c'])
  expect(second.step).toEqual({ id: 1, cursor: ['end'], rows: 1003, done: true, size: 50 })
  expect(chunk.isEmpty).toBe(true)
})

test('a row goes out as an event of its backfill, of the moment when it was read', () => {
  const { rows } = chunkOf(['a'], { rows: [readRow('a', { grp: 'g' })] }).take(1, 1e6)
  expect(rows).toEqual([
    row('a', {
      event_id: 501,
      grp: 'g',
      record: Buffer.from('{"a":1000}'),
      annotations: 'b',
      captured_at: '2026-01-01T00:00:00.000000Z',
      xid: '110',
    }),
  ])
})

test('where the order is not that of the key, a row says where to read on', () => {
  const chunk = chunkOf([], {
    rows: [readRow('a', { cursor: ['5', 'a'] }), readRow('b', { cursor: [null, 'b'] })],
  })
  expect(chunk.take(1, 1e6).step.cursor).toEqual(['5', 'a'])
})

test('a chunk without rows still has progress', () => {
  const chunk = chunkOf([])
  expect(chunk.take(10, 10)).toEqual({
    rows: [],
    errors: [],
    step: { id: 1, cursor: ['end'], rows: 1000, done: false, size: 50 },
  })
  expect(chunk.isEmpty).toBe(true)
})

test('a slice has about as many bytes as allowed, and one row at least', () => {
  const chunk = chunkOf(['a', 'b', 'c'])
  expect(keysOf(chunk.take(10, 1))).toEqual(['a'])
  expect(keysOf(chunk.take(10, 11))).toEqual(['b', 'c'])
})

test('rows that changed behind the snapshot and went out already are dropped, and count as done', () => {
  const chunk = chunkOf(['a', 'b', 'c', 'd', 'e'])
  chunk.overtake([event('u', 'b', '110'), event('d', 'c', '105'), event('u', 'x', '111', { old_pks: ['e'] })])
  const taken = chunk.take(10, 1e6)
  expect(keysOf(taken)).toEqual(['a', 'd'])
  expect(taken.step.rows).toBe(1005)
  expect(chunk.isEmpty).toBe(true)
})

test('changes that the snapshot shows, of other tables, or of this backfill itself drop nothing', () => {
  const chunk = chunkOf(['a', 'b', 'c'])
  chunk.overtake([
    event('u', 'a', '99'),
    event('u', 'b', '103'),
    event('u', 'c', '120', { source_id: 8 }),
    row('c', { xid: '120' }),
  ])
  expect(keysOf(chunk.take(10, 1e6))).toEqual(['a', 'b', 'c'])
})

test('a truncate behind the snapshot drops all that is left', () => {
  const chunk = chunkOf(['a', 'b', 'c'])
  chunk.take(1, 1e6)
  chunk.overtake([event('t', '', '120', { pks: [] })])
  expect(keysOf(chunk.take(10, 1e6))).toEqual([])
})

test('keys of several columns are not confused', () => {
  const chunk = chunkOf([], {
    snapshot: '1:1:',
    rows: [readRow('', { pks: ['a:b', 'c'] })],
  })
  chunk.overtake([event('u', '', '9', { pks: ['a', 'b:c'] })])
  expect(chunk.take(10, 1e6).rows).toHaveLength(1)
})

test('rows of a table without a key are never dropped: nobody can tell which one changed', () => {
  const chunk = chunkOf([], {
    snapshot: '1:1:',
    rows: [readRow('', { pks: [] })],
  })
  chunk.overtake([event('u', '', '9', { pks: [] })])
  expect(chunk.take(10, 1e6).rows).toHaveLength(1)
})

test('rows whose filter raised come apart from the others', () => {
  const chunk = chunkOf([], {
    rows: [readRow('a', { error: 'division by zero' }), readRow('b')],
  })
  const { rows, errors } = chunk.take(10, 1e6)
  expect(rows.map(({ pks }) => pks)).toEqual([['b']])
  expect(errors).toMatchObject([{ row: { pks: ['a'] }, error: 'division by zero' }])
})
