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

test('a probe that need not wait for its time does not lengthen it; a tier that begins to be doubted begins it anew', () => {
  const circuit = createCircuit({ open: true, blind: false, failures: 12, probes: 9, nextAt: 500_000 })
  const probes = (tier: Tier, now: number) => {
    probe(circuit, 'the probe', tier)
    fail(circuit, { batchId: 'the probe', tier, retryAfterMs: 0, now, waitMs })
  }
  probes('trusted', 0)
  expect(circuit).toMatchObject({ probes: 9, paces: { failed: { at: 500_000 } } })
  expect(probeDelayMs(circuit, 'fresh', 0)).toBe(0)
  probes('fresh', 10)
  expect(circuit.probes).toBe(0)
  expect([probeDelayMs(circuit, 'fresh', 10), probeDelayMs(circuit, 'failed', 10)]).toEqual([1000, 1000])
  expect(probeDelayMs(circuit, 'trusted', 10)).toBe(0)
  probes('fresh', 1010)
  expect([circuit.probes, probeDelayMs(circuit, 'fresh', 1010)]).toEqual([1, 2000])
})

test('a circuit taken over while nothing got through keeps its time for what was never sent as well', () => {
  const circuit = createCircuit({ open: true, blind: true, failures: 12, probes: 3, nextAt: 8000 })
  expect([probeDelayMs(circuit, 'fresh', 1000), probeDelayMs(circuit, 'failed', 1000)]).toEqual([7000, 7000])
})
