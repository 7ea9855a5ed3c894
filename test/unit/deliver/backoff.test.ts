import { describe, expect, test } from 'vitest'
import { backoffMs, retryDelayMs } from '../../../src/deliver/backoff.ts'

const middle = (): number => 0.5

describe('the wait after a failure', () => {
  test.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [9, 256_000],
    [10, 512_000],
    [11, 600_000],
    [50, 600_000],
    [5_000, 600_000],
  ])('after the %i. is %i ms', (n, expected) => {
    expect(backoffMs(n, middle)).toBe(expected)
  })

  test.each([1, 5, 20])('after the %i. varies by 15 percent to both sides and no more', (n) => {
    const base = backoffMs(n, middle)
    expect(backoffMs(n, () => 0)).toBe(base * 0.85)
    expect(backoffMs(n, () => 1 - Number.EPSILON)).toBe(base * 1.15)
    const waits = Array.from({ length: 1_000 }, () => backoffMs(n))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(base * 0.85)
    expect(Math.max(...waits)).toBeLessThanOrEqual(base * 1.15)
    expect(new Set(waits).size).toBeGreaterThan(100)
  })
})

describe("the receiver's wish", () => {
  test('is followed when it is longer, to the millisecond', () => {
    expect(retryDelayMs(1, () => 0, 30_000)).toBe(30_000)
  })

  test('changes nothing when it is shorter', () => {
    expect(retryDelayMs(6, middle, 30_000)).toBe(32_000)
    expect(retryDelayMs(6, middle)).toBe(32_000)
  })

  test('is followed for an hour at most', () => {
    expect(retryDelayMs(1, middle, 86_400_000)).toBe(3_600_000)
  })
})
