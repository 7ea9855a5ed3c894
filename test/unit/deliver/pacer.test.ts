import { describe, expect, test } from 'vitest'
import { createPacer } from '../../../src/deliver/pacer.ts'

/** A sender that takes every slot `lateMs` after it opens, on a clock of its own. */
function times(perSecond: number, count: number, lateMs = 0): number[] {
  let clock = 1_000
  const pacer = createPacer(perSecond, () => clock)
  return Array.from({ length: count }, () => {
    const delay = pacer.delayMs()
    if (delay > 0) clock += delay + lateMs
    pacer.take()
    return clock - 1_000
  })
}

describe('a rate limit', () => {
  test('spaces requests evenly from the first one on', () => {
    expect(times(10, 5)).toEqual([0, 100, 200, 300, 400])
    expect(times(0.5, 3)).toEqual([0, 2_000, 4_000])
    expect(times(4_000, 5)).toEqual([0, 0.25, 0.5, 0.75, 1])
  })

  test('is reached although timers fire late', () => {
    const late = times(1_000, 1_001, 1.5)
    expect(late.at(-1)).toBeGreaterThanOrEqual(1_000)
    expect(late.at(-1)).toBeLessThan(1_010)
  })

  test('makes up for no idle time with a burst', () => {
    let clock = 0
    const pacer = createPacer(10, () => clock)
    pacer.take()
    clock = 60_000
    expect(pacer.delayMs()).toBe(0)
    pacer.take()
    expect(pacer.delayMs()).toBe(100)
  })

  test('is never exceeded in any second, however irregular the sender', () => {
    let clock = 0
    const pacer = createPacer(20, () => clock)
    const taken: number[] = []
    for (let i = 0; i < 500; i += 1) {
      clock += (i * 7_919) % 130 // pauses from 0 to 129 ms
      const delay = pacer.delayMs()
      clock += delay
      pacer.take()
      taken.push(clock)
    }
    const most = Math.max(...taken.map((from) => taken.filter((t) => t >= from && t < from + 1_000).length))
    expect(most).toBeLessThanOrEqual(21)
  })

  test('of null is none', () => {
    const pacer = createPacer(null)
    for (let i = 0; i < 100; i += 1) pacer.take()
    expect(pacer.delayMs()).toBe(0)
  })
})
