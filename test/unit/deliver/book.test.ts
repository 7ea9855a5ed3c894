import { expect, test } from 'vitest'
import { openBook, release } from '../../../src/deliver/book.ts'

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
