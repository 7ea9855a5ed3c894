// How many requests a backfill may have under way beside live changes: as many as the receiver works
// on, and a few more that wait there. A receiver that is far away gets all of the sink's concurrency,
// because its requests take no longer for being many. One that is busy gets few: more would not make
// the backfill faster, but each would stand before the live changes. This is what TCP Vegas does:
// requests waiting = under way × (1 − fastest duration / present duration).
// Pure: time comes as an argument.

/** Requests that may wait in the receiver: below the first, one more is tried; above the second, one less. */
const waiting = { few: 1, many: 3 }
/** The fastest duration is that of the last one or two of these. */
const windowMs = 10_000
const smoothing = 0.2

export interface Pace {
  /** Requests that may be under way. */
  readonly limit: number
  /** A request took so long; `underWay` requests were, this one included. */
  note(durationMs: number, underWay: number, nowMs: number): void
}

/** @param max the sink's concurrency */
export function createPace(max: number): Pace {
  let limit = Math.min(2, max)
  let fastest = { now: Infinity, before: Infinity, since: -Infinity }
  let present = 0
  let noted = 0

  return {
    get limit() {
      return limit
    },
    note(durationMs, underWay, nowMs) {
      const duration = Math.max(durationMs, 0.1)
      if (nowMs - fastest.since > windowMs) fastest = { now: Infinity, before: fastest.now, since: nowMs }
      fastest.now = Math.min(fastest.now, duration)
      present = present === 0 ? duration : present + smoothing * (duration - present)
      // a change shows in the durations only once the requests under way have ended
      if (++noted < limit) return
      noted = 0
      const queued = underWay * (1 - Math.min(fastest.now, fastest.before, present) / present)
      if (queued < waiting.few) limit = Math.min(limit + 1, max)
      else if (queued > waiting.many) limit = Math.max(limit - 1, 1)
    },
  }
}
