import { expect, test } from 'vitest'
import { createCircuit, fail, probe, probeDelayMs } from '../../../src/deliver/circuit.ts'
import type { Tier } from '../../../src/deliver/circuit.ts'

const waitMs = (n: number) => 1000 * 2 ** (n - 1)

test('while nothing gets through, one request at a time probes at the pace of the backoff, whichever it is', () => {
  const circuit = createCircuit()
  let now = 0
  const failed = (batchId: string, tier: Tier) =>
    fail(circuit, { batchId, tier, retryAfterMs: 0, now, waitMs })
  for (let i = 0; i < 5; i += 1) failed(`first ${i}`, 'fresh')
  expect(circuit.state).toBe('open')
  const times: number[] = []
  for (const tier of ['fresh', 'failed', 'fresh', 'failed', 'failed', 'fresh'] as const) {
    now += Math.min(probeDelayMs(circuit, 'fresh', now), probeDelayMs(circuit, 'failed', now))
    times.push(now)
    probe(circuit, `probe at ${now}`, tier)
    failed(`probe at ${now}`, tier)
  }
  expect(times).toEqual([1000, 3000, 7000, 15_000, 31_000, 63_000])
})
