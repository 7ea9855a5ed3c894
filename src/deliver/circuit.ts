// When everything fails, stop: the log is the buffer. A total state table; time is an argument.
//
// What fails says more or less about the rest. A batch that failed before says nothing: a poisoned
// group must not stop its neighbours. A message that is sent for the first time says something, though
// a whole tenant's may be unwelcome. A group that was served a moment ago says most. So while the
// circuit is open each of these tiers probes at its own pace: one that fails slows itself and those
// that say less, and a tier in which hardly anything failed yet may still try at once.

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
  /** Failed probes since the circuit opened. */
  probes: number
  paces: Record<Tier, Pace>
  /** The id of the batch that probes. */
  probe: string | null
}

// What an event does to the state alone; the counting is below. A missing transition does not compile.
const next: Record<CircuitState, Record<CircuitEvent, CircuitState>> = {
  closed: { success: 'closed', failure: 'closed', probe: 'closed', cancel: 'closed' },
  // requests that were under way when it opened still answer
  open: { success: 'closed', failure: 'open', probe: 'probing', cancel: 'open' },
  probing: { success: 'closed', failure: 'open', probe: 'probing', cancel: 'open' },
}

/** A closed circuit, or the one that an earlier run left; a first attempt may then try at once. */
export function createCircuit(saved?: {
  open: boolean
  failures: number
  probes: number
  nextAt: number
}): Circuit {
  const pace = (failures = 0, at = 0): Pace => ({ failures, at })
  const open = saved?.open === true
  return {
    state: open ? 'open' : 'closed',
    failures: saved?.failures ?? 0,
    probes: saved?.probes ?? 0,
    paces: {
      trusted: pace(),
      fresh: pace(open ? doubtAfter - 1 : 0),
      failed: pace(saved?.failures, saved?.nextAt),
    },
    probe: null,
  }
}

const isDoubted = (circuit: Circuit, tier: Tier): boolean => circuit.paces[tier].failures >= doubtAfter

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
  circuit.failures++
  circuit.paces[failure.tier].failures++
  if (before === 'probing' && failure.batchId === circuit.probe) {
    circuit.state = next.probing.failure
    circuit.probe = null
    circuit.probes++
    slow(circuit, failure)
  } else if (before === 'closed' && circuit.failures >= openAfter) {
    circuit.state = 'open'
    circuit.probes = 0
    slow(circuit, failure)
    return true
  }
  return false
}

// What failed before waits for its time. So does a tier that is doubted, with those that say less, and
// in one pace, whichever of them probed; while none that says more is doubted, one may try at once.
function slow(circuit: Circuit, { retryAfterMs, now, waitMs }: Failure): void {
  const at = now + Math.max(waitMs(circuit.probes + 1), retryAfterMs)
  const doubted = tiers.findIndex((t) => isDoubted(circuit, t))
  const slowed = doubted < 0 ? (['failed'] as const) : tiers.slice(doubted)
  for (const pace of slowed.map((t) => circuit.paces[t])) pace.at = Math.max(pace.at, at)
}

/** Milliseconds until a batch of the tier may probe; 0: now. */
export const probeDelayMs = (circuit: Circuit, tier: Tier, now: number): number =>
  Math.max(0, circuit.paces[tier].at - now)

/** Begins a probe with this batch. */
export function probe(circuit: Circuit, batchId: string): void {
  circuit.state = next[circuit.state].probe
  if (circuit.state === 'probing') circuit.probe = batchId
}

/** The batch was not sent after all. */
export function cancelProbe(circuit: Circuit, batchId: string): void {
  if (circuit.state !== 'probing' || circuit.probe !== batchId) return
  circuit.state = next.probing.cancel
  circuit.probe = null
}
