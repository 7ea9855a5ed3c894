// Lanes that may have something to send, in the order in which they became so.

/** A queue whose entries know whether they are in it. */
export interface ReadyQueue<L extends { ready: boolean }> {
  push(lane: L): void
  shift(): L | undefined
  /** The entries, first come first. */
  [Symbol.iterator](): Iterator<L>
  readonly length: number
}

/** Makes an empty queue. Shifting an array is linear in its length, so its head is an index. */
export function createReadyQueue<L extends { ready: boolean }>(): ReadyQueue<L> {
  let entries: L[] = []
  let head = 0
  return {
    push(lane) {
      lane.ready = true
      entries.push(lane)
    },
    shift() {
      const lane = entries[head]
      if (lane === undefined) return undefined
      head++
      if (head > 1024 && head * 2 > entries.length) {
        entries = entries.slice(head)
        head = 0
      }
      lane.ready = false
      return lane
    },
    *[Symbol.iterator]() {
      for (let i = head; i < entries.length; i++) yield entries[i]!
    },
    get length() {
      return entries.length - head
    },
  }
}
