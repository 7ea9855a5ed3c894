// A sink's rate limit as a steady rate: requests are spaced evenly, and an idle hour earns no burst.

/** Hands out the moments at which requests may start. */
export interface Pacer {
  /** Milliseconds until the next request may start; 0: now. */
  delayMs(): number
  /** Counts a request that starts now. */
  take(): void
}

// Timers fire late by a millisecond or some. A slot that is taken this late does not move those behind
// it, else a limit of 1000 a second would come out as 500; a later one does, so that a stall or an idle
// time is not made up for with a burst.
const LATENESS_MS = 10

/**
 * @param perSecond requests a second, fractions allowed (0.5: one in two seconds); null: no limit
 * @param now a monotonic clock in milliseconds
 */
export function createPacer(perSecond: number | null, now: () => number = () => performance.now()): Pacer {
  if (perSecond === null) return { delayMs: () => 0, take: () => {} }
  const spacingMs = 1_000 / perSecond
  let nextAt = Number.NEGATIVE_INFINITY
  return {
    delayMs: () => Math.max(0, nextAt - now()),
    take() {
      const at = now()
      nextAt = (at - nextAt <= LATENESS_MS ? nextAt : at) + spacingMs
    },
  }
}
