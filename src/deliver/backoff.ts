// How long to wait after a failure. Pure.

const FIRST_MS = 1_000
const LONGEST_MS = 600_000
const JITTER = 0.15
const LONGEST_RETRY_AFTER_MS = 3_600_000

/**
 * Milliseconds to wait after the n-th failure in a row (from 1): 2^(n−1) s, at most 600 s, ±15 % so that
 * what failed together does not come back together.
 * @param random in [0, 1)
 */
export function backoffMs(n: number, random: () => number = Math.random): number {
  const base = Math.min(FIRST_MS * 2 ** (n - 1), LONGEST_MS)
  return Math.round(base * (1 - JITTER + 2 * JITTER * random()))
}

/**
 * The backoff, or what the receiver asks for when that is longer, up to an hour. Its wish gets no jitter:
 * that could only make it come too early.
 */
export function retryDelayMs(n: number, random: () => number, retryAfterMs = 0): number {
  return Math.max(backoffMs(n, random), Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS))
}
