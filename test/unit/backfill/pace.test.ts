import { expect, test } from 'vitest'
import { createPace } from '../../../src/backfill/pace.ts'

/** Runs requests against a receiver that takes so long for one when `n` are under way; the limits on the way. */
function run(max: number, durationMs: (n: number) => number, requests = 500): number[] {
  const pace = createPace(max)
  const limits: number[] = []
  for (let i = 0, now = 0; i < requests; i++) {
    const underWay = pace.limit
    now += durationMs(underWay) / underWay
    pace.note(durationMs(underWay), underWay, now)
    limits.push(pace.limit)
  }
  return limits
}

test('a receiver that is far away gets all of the concurrency', () => {
  expect(run(16, () => 80).at(-1)).toBe(16)
})

test('a receiver that works on one request after the other gets no more than a few', () => {
  const limits = run(64, (n) => 5 * n).slice(-100)
  expect(Math.max(...limits)).toBeLessThanOrEqual(5)
  expect(Math.min(...limits)).toBeGreaterThanOrEqual(1)
})

test('a receiver that works on eight at once gets eight and a few more', () => {
  const limits = run(64, (n) => 20 * Math.max(1, n / 8)).slice(-100)
  expect(Math.min(...limits)).toBeGreaterThanOrEqual(8)
  expect(Math.max(...limits)).toBeLessThanOrEqual(13)
})

test('one that has become slower for good is not held to what it was once', () => {
  const pace = createPace(16)
  let now = 0
  const step = (durationMs: number) => pace.note(durationMs, pace.limit, (now += durationMs))
  for (let i = 0; i < 200; i++) step(5)
  for (let i = 0; i < 20; i++) step(100)
  expect(pace.limit).toBeLessThan(16)
  for (let i = 0; i < 400; i++) step(100)
  expect(pace.limit).toBe(16)
})

test('there is always one, and never more than the concurrency', () => {
  expect(createPace(1).limit).toBe(1)
  expect(run(1, (n) => 1000 * n).at(-1)).toBe(1)
  expect(Math.max(...run(3, () => 1))).toBe(3)
})
