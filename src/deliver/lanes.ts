// Which message may be sent next. Pure and synchronous: no clock, no I/O.
//
// A lane is one group. Its messages leave in order, and no two requests of one lane are under way
// at once; different lanes have nothing to do with each other, so a hanging request takes one of the
// sink's request slots and delays its own group alone. (Hashing groups onto a fixed number of lanes
// is cheaper by a map look-up and was rejected: a group would wait for strangers.)
//
// An update that changes its group stands in two lanes and leaves when it is first in both.
import { createReadyQueue } from './ready.ts'
import type { ReadyQueue } from './ready.ts'
import { createTrust } from './trust.ts'
import type { Trust } from './trust.ts'

/**
 * Where a waiting message is kept. ahead: read ahead, it will be sent soon; aside: behind a failing
 * batch, in memory alone; held: the same, but written down, so that the position may pass it.
 */
export type Place = 'ahead' | 'aside' | 'held'

/** A message in memory. `payload` is absent while it stands aside, is held or in a frozen batch. */
export interface Message<P> {
  id: number
  lanes: Lane<P>[]
  payload: P | undefined
  /** Bytes of its JSON, for the limit on a request's body. */
  size: number
  /** Failed requests it was part of. */
  failures: number
  /** The chunk of the log whose position cannot be passed before this is settled; null: none is. */
  chunk: Chunk | null
  /** Its number within the chunk. */
  at: number
  /** Change it with `Lanes.move` while the message waits. */
  place: Place
  /** Milliseconds of the monotonic clock when it could first have been sent. */
  since: number
  /** Number of its arrival: the order in which messages are set aside. */
  order: number
  /** Its last lane is its table's, where it waits for a truncate and for nothing else (barrier.ts). */
  isBarred?: boolean
  /** It left its lanes unsent: a newer version stands in for it (message_type rows), or its payload is lost. */
  isGone?: boolean
}

/** A read of the log; its position may be saved when nothing of it and of older ones is left. */
export interface Chunk {
  remaining: number
}

/** A group's messages in order, and the batch of it that is under way or frozen. */
export interface Lane<P> {
  key: string
  queue: Message<P>[]
  /** Index of the first message in `queue`: shifting an array is linear. */
  head: number
  busy: object | null
  ready: boolean
  /** Of the waiting messages, those that are aside or held, and those that are held. */
  behind: number
  held: number
}

/** Why nothing (more) could be taken. */
export interface Taken<P> {
  messages: Message<P>[]
  bytes: number
  /** First messages of free lanes whose payload must be loaded before they can be sent. */
  missing: Message<P>[]
}

export interface Lanes<P> {
  /** Appends a message behind everything in its groups; `keys` empty: it has no order. */
  add(message: Omit<Message<P>, 'lanes'>, keys: readonly string[]): Message<P>
  /** Puts messages, held from now on, before everything that waits in their lanes, in the given order. */
  addFirst(messages: Message<P>[]): void
  /**
   * Takes up to `count` messages and about `bytes` that may be sent in one request now, all of trusted
   * groups or none.
   */
  take(count: number, bytes: number, batch: object, trusted: boolean): Taken<P>
  readonly trust: Trust
  /** Marks the lanes of these keys as taken by a batch that is not in memory (frozen). */
  occupy(keys: readonly string[], batch: object): Lane<P>[]
  /** A lane for a message without order, taken by a batch. */
  occupyOne(batch: object): Lane<P>
  /** Frees the lanes that this batch holds. */
  free(lanes: Iterable<Lane<P>>, batch: object): void
  /** Makes a lane eligible again, after its messages' payload was loaded. */
  wake(lane: Lane<P>): void
  /** Takes barred messages out of their table's lane: the truncate is through. */
  unbar(key: string): void
  find(key: string): Lane<P> | undefined
  /** All lanes that are busy, or hold messages. */
  all(): Iterable<Lane<P>>
  /** Changes where a waiting message is kept. */
  move(message: Message<P>, place: Place): void
  /** Messages in memory that wait in lanes, and how many of them are where. */
  readonly waiting: number
  readonly ahead: number
  readonly aside: number
  /** Whether a lane may have something to send, of a trusted group or of another. */
  isReady(trusted: boolean): boolean
  readonly hasReady: boolean
  /** The first message of the first eligible lane. */
  peek(): Message<P> | undefined
  /** Takes a waiting message out without sending it; false: it does not wait, but was taken meanwhile. */
  remove(message: Message<P>): boolean
}

const emptyLane = <P>(key: string): Lane<P> => ({
  key,
  queue: [],
  head: 0,
  busy: null,
  ready: false,
  behind: 0,
  held: 0,
})

/** Makes an empty set of lanes. */
export function createLanes<P>(): Lanes<P> {
  const lanes = new Map<string, Lane<P>>()
  const ready = { trusted: createReadyQueue<Lane<P>>(), other: createReadyQueue<Lane<P>>() }
  const queueOf = (trusted: boolean): ReadyQueue<Lane<P>> => (trusted ? ready.trusted : ready.other)
  const trust = createTrust()
  /** Lanes of messages without order. */
  const loose = new Set<Lane<P>>()
  const places = { ahead: 0, aside: 0, held: 0 }

  const lane = (key: string): Lane<P> => {
    let found = lanes.get(key)
    if (found === undefined) {
      found = emptyLane(key)
      lanes.set(key, found)
    }
    return found
  }
  // Books a message in (1) or out (-1) of its lanes' counts.
  const tell = (message: Message<P>, by: 1 | -1): void => {
    const { place } = message
    places[place] += by
    if (place === 'ahead') return
    for (const l of message.lanes) {
      l.behind += by
      if (place === 'held') l.held += by
    }
  }
  const leave = (message: Message<P>): void => {
    tell(message, -1)
    if (message.place === 'aside') message.place = 'ahead'
  }
  const first = (l: Lane<P>): Message<P> | undefined => l.queue[l.head]
  const wake = (l: Lane<P>): void => {
    if (l.ready || l.busy !== null || l.head >= l.queue.length) return
    queueOf(trust.has(l.key)).push(l)
  }
  const shift = (l: Lane<P>): void => {
    l.queue[l.head] = undefined as never
    l.head++
    if (l.head === l.queue.length) {
      l.queue.length = 0
      l.head = 0
      if (l.key === '') loose.delete(l)
    } else if (l.head > 256 && l.head * 2 > l.queue.length) {
      l.queue = l.queue.slice(l.head)
      l.head = 0
    }
  }
  const drop = (l: Lane<P>): void => {
    if (l.busy !== null || l.queue.length > 0 || l.ready) return
    if (l.key === '') loose.delete(l)
    else lanes.delete(l.key)
  }

  const self: Lanes<P> = {
    add(fields, keys) {
      const message = fields as Message<P>
      if (keys.length === 0) {
        // no order: a lane of its own, which nobody can find
        message.lanes = [emptyLane('')]
        loose.add(message.lanes[0]!)
      } else {
        message.lanes = keys.length === 1 ? [lane(keys[0]!)] : keys.map(lane)
      }
      for (const l of message.lanes) {
        // most groups have one message waiting; an array that is pushed to has room for 17 at once
        if (l.queue.length === 0) l.queue = [message]
        else l.queue.push(message)
      }
      tell(message, 1)
      for (const l of message.lanes) wake(l)
      return message
    },
    addFirst(messages) {
      for (let i = messages.length - 1; i >= 0; i--) {
        const message = messages[i]!
        for (const l of message.lanes) {
          // a lane that became empty was forgotten; later messages must find this one
          if (l.key === '') loose.add(l)
          else if (lanes.get(l.key) !== l) lanes.set(l.key, l)
          if (l.head > 0) l.queue[--l.head] = message
          else l.queue.unshift(message)
          wake(l)
        }
        message.place = 'held'
        tell(message, 1)
      }
    },
    take(count, bytes, batch, isTrusted) {
      const queue = queueOf(isTrusted)
      const taken: Taken<P> = { messages: [], bytes: 0, missing: [] }
      for (let looked = queue.length; looked > 0 && taken.messages.length < count; looked--) {
        const l = queue.shift()
        if (l === undefined) break
        while (l.busy === null || l.busy === batch) {
          const message = first(l)
          if (message === undefined) break
          // in two lanes: only when it is first in both, and nothing of the other is under way;
          // otherwise this lane waits, and the other one wakes it by bringing the message forward
          if (
            message.lanes.length > 1 &&
            !message.lanes.every((o) => first(o) === message && (o.busy === null || o.busy === batch))
          ) {
            break
          }
          if (message.payload === undefined) {
            taken.missing.push(message)
            break
          }
          if (taken.messages.length > 0 && taken.bytes + message.size > bytes) {
            if (l.busy === null) wake(l)
            return taken
          }
          taken.messages.push(message)
          taken.bytes += message.size
          leave(message)
          for (const o of message.lanes) {
            shift(o)
            o.busy = batch
          }
          if (taken.messages.length === count) return taken
        }
        drop(l)
      }
      return taken
    },
    occupy(keys, batch) {
      return keys.map((key) => {
        const l = lane(key)
        l.busy = batch
        return l
      })
    },
    occupyOne: (batch) => ({ ...emptyLane<P>(''), busy: batch }),
    free(held, batch) {
      for (const l of held) {
        if (l.busy !== batch) continue
        l.busy = null
        if (l.head < l.queue.length) wake(l)
        else drop(l)
      }
    },
    wake,
    unbar(key) {
      const l = lanes.get(key)
      if (l === undefined) return
      const isBarred = (m: Message<P>): boolean => m.isBarred === true && m.lanes.at(-1) === l
      const waiting = l.queue.slice(l.head)
      const barred = waiting.filter(isBarred)
      if (barred.length === 0) return
      l.queue = waiting.filter((m) => !isBarred(m))
      l.head = 0
      for (const m of barred) {
        tell(m, -1)
        m.lanes = m.lanes.slice(0, -1)
        m.isBarred = false
        tell(m, 1)
        for (const o of m.lanes) wake(o)
      }
    },
    find: (key) => lanes.get(key),
    *all() {
      yield* lanes.values()
      yield* loose
    },
    move(message, place) {
      tell(message, -1)
      message.place = place
      tell(message, 1)
    },
    get waiting() {
      return places.ahead + places.aside + places.held
    },
    get ahead() {
      return places.ahead
    },
    get aside() {
      return places.aside
    },
    trust,
    isReady: (isTrusted) => queueOf(isTrusted).length > 0,
    get hasReady() {
      return ready.other.length > 0 || ready.trusted.length > 0
    },
    peek() {
      for (const queue of [ready.trusted, ready.other]) {
        for (const l of queue) {
          const message = first(l)
          if (message !== undefined) return message
        }
      }
      return undefined
    },
    remove(message) {
      if (!message.lanes[0]!.queue.includes(message, message.lanes[0]!.head)) return false
      for (const l of message.lanes) {
        l.queue.splice(l.queue.indexOf(message, l.head), 1)
        if (l.head >= l.queue.length) {
          l.queue.length = 0
          l.head = 0
          drop(l)
        }
        // it may have kept a message of two lanes from going
        wake(l)
      }
      leave(message)
      return true
    },
  }
  return self
}
