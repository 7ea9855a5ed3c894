import { expect, test } from 'vitest'
import type { HeldMessage } from '../../../src/deliver/book.ts'
import { createLanes } from '../../../src/deliver/lanes.ts'
import type { Message } from '../../../src/deliver/lanes.ts'
import { createNewest } from '../../../src/deliver/newest.ts'
import type { RunState } from '../../../src/deliver/state.ts'
import type { EventRow } from '../../../src/log/events.ts'

/** Lanes with messages of rows; `settled` are the ids of those that are not sent. */
function setUp() {
  const lanes = createLanes<EventRow>()
  const hold: HeldMessage[] = []
  const settled: number[] = []
  const state = { lanes, aheadBytes: 0, options: { book: { ops: { hold } } } } as unknown as RunState
  const newest = createNewest(state, (m) => settled.push(m.id))
  const chunk = { remaining: 1 }
  let order = 0
  const add = (id: number, key: string, fields: Partial<EventRow> = {}) => {
    const row = { event_id: id, source_id: 1, pks: [key], old_pks: null, ...fields } as EventRow
    const message = {
      id,
      payload: row,
      size: 10,
      failures: 0,
      chunk,
      at: id,
      place: 'ahead' as const,
      since: 0,
    }
    const m = lanes.add({ ...message, order: order++ }, [key])
    state.aheadBytes += 10
    newest.add(m, row)
    return m
  }
  const waiting = () => [...lanes.all()].flatMap((l) => l.queue.slice(l.head).map((m) => m.id))
  const setAside = (m: Message<EventRow>) => {
    state.aheadBytes -= m.size
    m.payload = undefined
    lanes.move(m, 'aside')
  }
  return { add, newest, lanes, hold, settled, state, waiting, setAside }
}

test('of what waits, a newer version replaces the one before', () => {
  const { add, settled, waiting, state, lanes } = setUp()
  for (const [id, key] of [
    [1, 'a'],
    [2, 'b'],
    [3, 'a'],
    [4, 'a'],
  ] as const)
    add(id, key)
  expect(settled).toEqual([1, 3])
  expect(waiting()).toEqual([4, 2])
  expect(lanes.waiting).toBe(2)
  expect(state.aheadBytes).toBe(20)
})

test('what has left to be sent is not replaced', () => {
  const { add, settled, newest } = setUp()
  newest.forget(add(1, 'a'))
  add(2, 'a')
  expect(settled).toEqual([])
})

test('rows of several tables, and keys that only look alike once joined, are different rows', () => {
  const { add, settled } = setUp()
  add(1, 'a')
  add(2, 'a', { source_id: 2 })
  add(3, 'x', { pks: ['a:b', 'c'] })
  add(4, 'x', { pks: ['a', 'b:c'] })
  add(5, 'x', { pks: [] })
  add(6, 'x', { pks: [] })
  expect(settled).toEqual([])
})

test('an update that changed the key is not replaced: only it says that the old key is gone', () => {
  const { add, settled } = setUp()
  add(1, 'b', { old_pks: ['a'] })
  add(2, 'b')
  add(3, 'b')
  expect(settled).toEqual([2])
})

test('what waits behind a failing batch is replaced, in memory and where it is written down', () => {
  const { add, settled, lanes, hold, setAside, state } = setUp()
  setAside(add(1, 'a'))
  const held = add(2, 'a')
  setAside(held)
  lanes.move(held, 'held')
  held.chunk = null
  hold.push({ event_id: 2, groups: ['a'], failures: 0 }, { event_id: 9, groups: ['z'], failures: 0 })
  add(3, 'a')
  expect(settled).toEqual([1, 2])
  expect(hold.map(({ event_id }) => event_id)).toEqual([9])
  expect(lanes.aside).toBe(0)
  expect(state.aheadBytes).toBe(10)
})

test('of what an earlier run held, only the newest versions stay', () => {
  const { lanes, settled, newest, waiting, add } = setUp()
  const rows = [
    [1, 'a'],
    [2, 'b'],
    [3, 'a'],
  ] as const
  for (const [id, key] of rows) {
    const message = {
      id,
      payload: undefined,
      size: 0,
      failures: 0,
      chunk: null,
      at: 0,
      place: 'held' as const,
    }
    lanes.add({ ...message, since: 0, order: id }, [key])
  }
  newest.restore(rows.map(([event_id, key]) => ({ event_id, source_id: 1, pks: [key], old_pks: null })))
  expect(settled).toEqual([1])
  add(4, 'b')
  expect(settled).toEqual([1, 2])
  expect(waiting()).toEqual([3, 4])
})

test('a message whose payload was gone left its lanes already', () => {
  const { add, settled, lanes } = setUp()
  const lost = add(1, 'a')
  lanes.remove(lost)
  lost.chunk = null
  add(2, 'a')
  expect(settled).toEqual([])
  expect(lanes.waiting).toBe(1)
})
