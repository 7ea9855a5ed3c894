// Deadlines for exchanges, tens of thousands a second: an array and one coarse timer for all of them,
// instead of a timer or an AbortSignal each. Entering and leaving are a push and a swap; a sweep looks at
// all that are in flight, which are few, because each holds a socket.

/** What can be given a deadline. */
export interface Expiring {
  /** When its time began, in milliseconds of `performance.now()`. */
  readonly startedAt: number
  readonly timeoutMs: number
  /** Where it stands among the others; belongs to the deadlines. */
  deadlineIndex: number
  /** Its time is over. Called once; it has left the deadlines by then. */
  expire(): void
}

/** How late a deadline may be noticed. */
const TICK_MS = 20

export interface Deadlines {
  add(entry: Expiring): void
  /** Nothing happens when it is not there any more. */
  delete(entry: Expiring): void
}

/** The timer runs only while there are entries. */
export function createDeadlines(): Deadlines {
  const entries: Expiring[] = []
  let timer: NodeJS.Timeout | undefined

  function remove(entry: Expiring): void {
    if (entries[entry.deadlineIndex] !== entry) return
    const last = entries.pop()!
    if (last === entry) return
    entries[entry.deadlineIndex] = last
    last.deadlineIndex = entry.deadlineIndex
  }

  function sweep(): void {
    const now = performance.now()
    const expired = entries.filter(({ startedAt, timeoutMs }) => now - startedAt >= timeoutMs)
    for (const entry of expired) {
      remove(entry)
      entry.expire()
    }
    if (entries.length > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    add(entry) {
      entry.deadlineIndex = entries.push(entry) - 1
      // Not in the timer's own phase: after the process was stopped or busy for long, the answers that
      // wait in the sockets are read before anything is declared late.
      timer ??= setInterval(() => setImmediate(sweep), TICK_MS)
    },
    delete: remove,
  }
}
