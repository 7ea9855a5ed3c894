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
  /** Truthy: it is not written. */
  cancelled: unknown
  resolve(answer: unknown): void
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
    }
    return handle.call(this)
  }
  // set right before it is written once more, to the error that asked for that
  const errors = new WeakMap<Query, unknown>()
  Object.defineProperty(prototype, 'retried', {
    get(this: Query) {
      return errors.get(this)
    },
    set(this: Query, error: unknown) {
      errors.set(this, error)
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

/** The answer, without the holes before its first row. */
function whole(answer: unknown): unknown {
  if (!Array.isArray(answer) || answer.length === 0 || 0 in answer) return answer
  const holes = answer.findIndex((_, at) => at in answer)
  answer.splice(0, holes)
  return answer
}
