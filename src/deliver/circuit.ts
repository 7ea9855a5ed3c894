// When everything fails, stop: the log is the buffer. A total state table; time is an argument.
//
// What fails says more or less about the rest. A batch that failed before says nothing: a poisoned
// group must not stop its neighbours. A message that is sent for the first time says something, though
// a whole tenant's may be unwelcome. A group that was served a moment ago says most. So while the
// circuit is open each of these tiers probes at its own pace: one that fails slows itself and those
// that say less, and a tier in which hardly anything failed yet may still try at once.
//
// The pace is that of the time for which as little gets through as now. A tier that begins to be doubted
// begins it anew: what one message learnt in hours of failing says nothing of a receiver that is down for
// a moment. A probe that did not wait for its time does not lengthen it. A run that takes an open circuit
// over keeps its time: however often runs begin anew, the receiver is asked neither more nor less often.

/** closed: requests flow; open: none until a probe is due; probing: one request is under way. */
export type CircuitState = 'closed' | 'open' | 'probing'
type CircuitEvent = 'success' | 'failure' | 'probe' | 'cancel'

/** trusted: the group's last request succeeded; fresh: never sent before; failed: sent before. */
export type Tier = 'trusted' | 'fresh' | 'failed'
const tiers: readonly Tier[] = ['trusted', 'fresh', 'failed']

/** Failed requests in a row, whatever their groups, that open the circuit. */
export const openAfter = 5
/** Of a tier that says something: failures in a row until it is believed. */
const doubtAfter = 2

interface Pace {
  /** Failed requests since the last success. */
  failures: number
  /** Milliseconds of the caller's clock before which no batch of the tier probes. */
  at: number
}

export interface Circuit {
  state: CircuitState
  /** Failed requests since the last success. */
  failures: number
  /** Failed probes, of those that waited for their time, since as little gets through as now. */
  probes: number
  paces: Record<Tier, Pace>
  /** The batch that probes, and whether its tier had to wait for its time. */
  probe: { batchId: string; waited: boolean } | null
}

// What an event does to the state alone; the counting is below. A missing transition does not compile.
const next: Record<CircuitState, Record<CircuitEvent, CircuitState>> = {
  closed: { success: 'closed', failure: 'closed', probe: 'closed', cancel: 'closed' },
  // requests that were under way when it opened still answer
  open: { success: 'closed', failure: 'open', probe: 'probing', cancel: 'open' },
  probing: { success: 'closed', failure: 'open', probe: 'probing', cancel: 'open' },
}

/** A circuit as it outlives its run. */
export interface SavedCircuit {
  open: boolean
  /** See isBlind. */
  blind: boolean
  failures: number
  probes: number
  /** Milliseconds of the caller's clock: the next probe of what failed before, or of anything while blind. */
  nextAt: number
}

/**
 * A closed circuit, or the one that an earlier run left. Which groups are trusted is forgotten with a run,
 * so unless nothing at all got through, one message that was never sent may try at once.
 */
export function createCircuit(saved?: SavedCircuit): Circuit {
  const pace = (failures = 0, at = 0): Pace => ({ failures, at })
  const open = saved?.open === true
  const fresh = !open ? pace() : saved.blind ? pace(doubtAfter, saved.nextAt) : pace(doubtAfter - 1)
  return {
    state: open ? 'open' : 'closed',
    failures: saved?.failures ?? 0,
    probes: saved?.probes ?? 0,
    paces: {
      trusted: pace(),
      fresh,
      failed: pace(saved?.failures, saved?.nextAt),
    },
    probe: null,
  }
}

const isDoubted = (circuit: Circuit, tier: Tier): boolean => circuit.paces[tier].failures >= doubtAfter

/** The place of the tier that says most among those that are doubted; behind the last one: none is. */
function doubtedFrom(circuit: Circuit): number {
  const at = tiers.findIndex((t) => isDoubted(circuit, t))
  return at < 0 ? tiers.length : at
}

/**
 * Whether it seems that nothing at all gets through: the log is not read on then.
 * @param trusts whether any group is trusted
 */
export const isBlind = (circuit: Circuit, trusts: boolean): boolean =>
  circuit.state !== 'closed' && (isDoubted(circuit, 'trusted') || (isDoubted(circuit, 'fresh') && !trusts))

/** A request was answered with success, in part at least. Returns whether this closed the circuit. */
export function succeed(circuit: Circuit): boolean {
  const closed = circuit.state !== 'closed'
  Object.assign(circuit, createCircuit(), { state: next[circuit.state].success })
  return closed
}

/** A failed request. */
export interface Failure {
  batchId: string
  tier: Tier
  /** What the receiver asked for. */
  retryAfterMs: number
  now: number
  /** The backoff after the n-th failed probe. */
  waitMs(n: number): number
}

/** A request failed. Returns whether this opened the circuit. */
export function fail(circuit: Circuit, failure: Failure): boolean {
  const before = circuit.state
  const known = doubtedFrom(circuit)
  circuit.failures++
  circuit.paces[failure.tier].failures++
  if (before === 'closed') {
    if (circuit.failures < openAfter) return false
    circuit.state = 'open'
    circuit.probes = 0
    slow(circuit, failure, true)
    return true
  }
  const { probe: probing } = circuit
  const isProbe = before === 'probing' && failure.batchId === probing?.batchId
  if (isProbe) {
    circuit.state = next.probing.failure
    circuit.probe = null
  }
  if (doubtedFrom(circuit) < known) {
    circuit.probes = 0
    slow(circuit, failure, true)
  } else if (isProbe && probing.waited) {
    circuit.probes++
    slow(circuit, failure, false)
  }
  return false
}

// What failed before waits for its time. So does a tier that is doubted, with those that say less, and
// in one pace, whichever of them probed; while none that says more is doubted, one may try at once.
// Batches that failed have a time of their own besides, which no pace that begins anew shortens.
function slow(circuit: Circuit, { retryAfterMs, now, waitMs }: Failure, anew: boolean): void {
  const at = now + Math.max(waitMs(circuit.probes + 1), retryAfterMs)
  const slowed = tiers.slice(Math.min(doubtedFrom(circuit), tiers.indexOf('failed')))
  for (const pace of slowed.map((t) => circuit.paces[t])) pace.at = anew ? at : Math.max(pace.at, at)
}

/** Milliseconds until a batch of the tier may probe; 0: now. */
export const probeDelayMs = (circuit: Circuit, tier: Tier, now: number): number =>
  Math.max(0, circuit.paces[tier].at - now)

/** Begins a probe with this batch. */
export function probe(circuit: Circuit, batchId: string, tier: Tier): void {
  circuit.state = next[circuit.state].probe
  if (circuit.state !== 'probing') return
  circuit.probe = { batchId, waited: tier === 'failed' || tiers.indexOf(tier) >= doubtedFrom(circuit) }
}

/** The batch was not sent after all. */
export function cancelProbe(circuit: Circuit, batchId: string): void {
  if (circuit.state !== 'probing' || circuit.probe?.batchId !== batchId) return
  circuit.state = next.probing.cancel
  circuit.probe = null
}
