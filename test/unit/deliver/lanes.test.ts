// Lanes against a model: a plain list of messages, of which one may go when nothing before it shares a
// group with it and no request of its groups is under way.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLanes } from '../../../src/deliver/lanes.ts'
import type { Message } from '../../../src/deliver/lanes.ts'

const message = (id: number): Omit<Message<string>, 'lanes'> => ({
  id,
  payload: `m${id}`,
  size: 10,
  failures: 0,
  chunk: null,
  at: 0,
  place: 'ahead',
  since: 0,
  order: id,
})

const groups = ['a', 'b', 'c', 'd']
const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      keys: fc.uniqueArray(fc.constantFrom(...groups), { maxLength: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('finish' as const), pick: fc.nat() }) },
)

interface ModelMessage {
  id: number
  keys: string[]
  state: 'waiting' | 'taken' | 'done'
  batch: object | null
}

test('what is taken is first in all of its groups, and its groups are in no other request', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
      const lanes = createLanes<string>()
      const all: ModelMessage[] = []
      const open: { batch: object; messages: Message<string>[] }[] = []
      const mayGo = (m: ModelMessage, batch: object): boolean =>
        all.every(
          (o) =>
            o === m ||
            o.state === 'done' ||
            !o.keys.some((k) => m.keys.includes(k)) ||
            (o.id > m.id ? o.state === 'waiting' : o.state === 'taken' && o.batch === batch),
        )
      const finish = (at: number): void => {
        const [done] = open.splice(at, 1)
        for (const m of done!.messages) all[m.id]!.state = 'done'
        lanes.free(new Set(done!.messages.flatMap((m) => m.lanes)), done!.batch)
      }
      const take = (count: number): number => {
        const batch = {}
        const taken = lanes.take(count, 1e9, batch, false)
        for (const m of taken.messages) {
          const model = all[m.id]!
          expect(model.state).toBe('waiting')
          expect(mayGo(model, batch), `message ${m.id} overtook its group`).toBe(true)
          model.state = 'taken'
          model.batch = batch
        }
        if (taken.messages.length > 0) open.push({ batch, messages: taken.messages })
        return taken.messages.length
      }
      for (const c of commands) {
        if (c.do === 'add') {
          all.push({ id: all.length, keys: c.keys, state: 'waiting', batch: null })
          lanes.add(message(all.length - 1), c.keys)
        } else if (c.do === 'take') {
          const before = all.some((m) => m.state === 'waiting' && mayGo(m, {}))
          expect(take(c.count) > 0, 'something could go and nothing was taken').toBe(before)
        } else if (open.length > 0) {
          finish(c.pick % open.length)
        }
      }
      // in the end everything goes
      for (let turn = 0; turn <= all.length && all.some((m) => m.state !== 'done'); turn++) {
        take(3)
        while (open.length > 0) finish(0)
      }
      expect(all.filter((m) => m.state !== 'done')).toEqual([])
      expect(lanes.waiting).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('a lane that is free again is forgotten, so that groups do not fill the memory', () => {
  const lanes = createLanes<string>()
  for (let i = 0; i < 100; i++) lanes.add(message(i), [`g${i}`])
  const batch = {}
  const { messages } = lanes.take(100, 1e9, batch, false)
  lanes.free(new Set(messages.flatMap((m) => m.lanes)), batch)
  expect([...lanes.all()]).toEqual([])
})

test('messages that are put first leave before those that wait', () => {
  const lanes = createLanes<string>()
  const [a, b, c] = [0, 1, 2].map((i) => lanes.add(message(i), ['g']))
  const first = {}
  const { messages } = lanes.take(2, 1e9, first, false)
  expect(messages).toEqual([a, b])
  lanes.addFirst([b!])
  lanes.free(new Set(a!.lanes), first)
  expect(lanes.take(9, 1e9, {}, false).messages).toEqual([b, c])
})

test('a body that is full ends the batch, and the rest of the group follows in the next one', () => {
  const lanes = createLanes<string>()
  for (let i = 0; i < 3; i++) lanes.add(message(i), ['g'])
  const first = {}
  const { messages } = lanes.take(9, 20, first, false)
  expect(messages.map((m) => m.id)).toEqual([0, 1])
  lanes.free(new Set(messages.flatMap((m) => m.lanes)), first)
  expect(lanes.take(9, 20, {}, false).messages.map((m) => m.id)).toEqual([2])
})

test('a message that was taken meanwhile is not removed, and its lane counts it no second time', () => {
  const lanes = createLanes<string>()
  const first = lanes.add({ ...message(0), place: 'held' }, ['a'])
  const second = lanes.add({ ...message(1), place: 'held' }, ['a'])
  lanes.take(1, 100, {}, false)
  expect(lanes.remove(first)).toBe(false)
  expect({ waiting: lanes.waiting, held: second.lanes[0]!.held }).toEqual({ waiting: 1, held: 1 })
  expect(lanes.remove(second)).toBe(true)
  expect(lanes.remove(second)).toBe(false)
  expect(lanes.waiting).toBe(0)
})
