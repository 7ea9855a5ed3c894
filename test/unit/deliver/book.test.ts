import { expect, test } from 'vitest'
import { createChunk, openBook, release } from '../../../src/deliver/book.ts'

test('what was set aside in front and goes on before the next save is not written down as held', async () => {
  const saved: unknown[] = []
  const book = openBook({
    position: { from: 1, to: 1, last: 0 },
    delivered: 0,
    saved: 0,
    save: async (_number, _position, _delivered, ops) => {
      saved.push(ops)
      return true
    },
    onLost: () => {},
    onError: () => {},
    delayMs: 1,
  })
  const held = (id: number) => ({ event_id: id, groups: ['1:1'], failures: 1 })
  book.ops.hold_first.unshift(held(4), held(5))
  release(book.ops, 4)
  await book.flush()
  expect(saved).toEqual([expect.objectContaining({ hold_first: [held(5)], release: [4] })])
  book.close()
})

test('what is noted while a save is just being answered is saved by the flush that asks for it', async () => {
  const saved: (number[] | undefined)[] = []
  const answer = Promise.withResolvers<boolean>()
  const book = openBook({
    position: { from: 1, to: 1, last: 0 },
    delivered: 0,
    saved: 0,
    save: (_number, _position, _delivered, ops) => {
      saved.push(ops?.release)
      return answer.promise
    },
    onLost: () => {},
    onError: () => {},
    delayMs: 1,
  })
  book.ops.release.push(1)
  const first = book.flush()
  // as a run does that is stopped in the same turn of the event loop in which the answer arrives
  const second = answer.promise.then(() => {
    book.ops.release.push(2)
    return book.flush()
  })
  answer.resolve(true)
  await Promise.all([first, second])
  expect(saved).toEqual([[1], [2]])
  book.close()
})

test('what is noted says up to which tick has been read, by this run or by one that left requests to it', async () => {
  const saved: (number | undefined)[] = []
  const book = openBook({
    position: { from: 1, to: 1, last: 0 },
    delivered: 0,
    saved: 0,
    read: 2,
    save: async (_number, _position, _delivered, ops) => {
      saved.push(ops?.read)
      return true
    },
    onLost: () => {},
    onError: () => {},
    delayMs: 1,
  })
  book.ops.release.push(1)
  await book.flush()
  const window = { from: 1, to: 3 }
  const chunk = createChunk({ rows: [], position: { ...window, last: 5 }, window, backfill: null })
  chunk.remaining = 1
  book.addChunk(chunk)
  book.ops.release.push(2)
  await book.flush()
  expect(saved).toEqual([2, 3])
  expect(book.read).toBe(3)
  book.close()
})
