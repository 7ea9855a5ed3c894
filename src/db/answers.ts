// Each query gets its own answer, and all of it. Two faults of postgres.js 3.4 are kept from our queries:
//
// It counts the rows of an answer in the connection, and only a query that succeeds sets the count back. When one
// fails after some of its rows have come, the next answer begins with as many holes: its first row would be taken
// for missing, and a lease that was just got for somebody else's.
//
// It prepares a query anew when the server asks for that (a function returns more since an upgrade), and until its
// parameters are described it writes other queries of the pool in between: they get each other's answers. So such a
// query is given to the pool once more, as if it were new, and what comes meanwhile waits for it.
import type postgres from 'postgres'

interface Query {
  executed: boolean
  /** Of the connection that it was written to last. */
  state: unknown
  parameters: unknown
  /** Truthy: it is not written. */
  cancelled: unknown
  resolve(answer: unknown): void
  /** Of a cursor: it gets the first rows. */
  cursorFn?: (rows: unknown) => unknown
  handle(): Promise<void>
  /** Gives a query to its pool, or its transaction. */
  handler(query: Query): void
}

const mended = new WeakSet()

/** From now on this holds for all queries of this and of other pools. */
export function keepAnswersApart(sql: postgres.Sql): void {
  // only the queries themselves lead to their class; one that nobody awaits is not sent
  const prototype = Object.getPrototypeOf(sql``) as Query
  if (mended.has(prototype)) return
  mended.add(prototype)
  const { handle } = prototype
  prototype.handle = function (this: Query): Promise<void> {
    if (!this.executed) {
      const { resolve } = this
      this.resolve = (answer) => resolve(whole(answer))
      const { cursorFn } = this
      if (cursorFn) this.cursorFn = (rows) => cursorFn(whole(rows))
    }
    return handle.call(this)
  }
  // set right before it is written once more, to the error that asked for that: once on each connection
  const errors = new WeakMap<Query, Map<unknown, unknown>>()
  Object.defineProperty(prototype, 'retried', {
    get(this: Query) {
      return errors.get(this)?.get(this.state)
    },
    set(this: Query, error: unknown) {
      if (!errors.has(this)) errors.set(this, new Map())
      errors.get(this)!.set(this.state, error)
      // they are as text already, and would be made text once more: true would become 'f'
      this.parameters = null
      const later = {}
      this.cancelled = later
      queueMicrotask(() => {
        if (this.cancelled !== later) return
        this.cancelled = null
        this.handler(this)
      })
    },
  })
}

/** The answer, or the answers to several statements, without the holes before the first row. */
function whole(answer: unknown): unknown {
  if (!Array.isArray(answer) || answer.length === 0) return answer
  if (0 in answer) {
    if (Array.isArray(answer[0])) answer.forEach(whole)
    return answer
  }
  const holes = answer.findIndex((_, at) => at in answer)
  answer.splice(0, holes)
  return answer
}
