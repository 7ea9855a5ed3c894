// When everything fails, stop: the log is the buffer. A total state table; time is an argument.

/** closed: requests flow; open: none until `nextAt`; probing: one request is under way. */
export type CircuitState = 'closed' | 'open' | 'probing'
type CircuitEvent = 'success' | 'failure' | 'probe'

/** Failed requests in a row, whatever their groups, that open the circuit. */
export const openAfter = 5

export interface Circuit {
  state: CircuitState
  /** Failed requests since the last success. */
  failures: number
  /** Failed probes since the circuit opened. */
  probes: number
  /** Milliseconds of the caller's clock before which no probe is sent. */
  nextAt: number
  /** Ids of the batches that failed since the last success, two at most. */
  suspects: Set<string>
}

// What an event does to the state alone; the counting is below. A missing transition does not compile.
const next: Record<CircuitState, Record<CircuitEvent, CircuitState>> = {
  closed: { success: 'closed', failure: 'closed', probe: 'closed' },
  // requests that were under way when it opened still answer
  open: { success: 'closed', failure: 'open', probe: 'probing' },
  probing: { success: 'closed', failure: 'open', probe: 'probing' },
}

/** A closed circuit, or the one that an earlier run left. */
export function createCircuit(saved?: {
  open: boolean
  failures: number
  probes: number
  nextAt: number
}): Circuit {
  return {
    state: saved?.open === true ? 'open' : 'closed',
    failures: saved?.failures ?? 0,
    probes: saved?.probes ?? 0,
    nextAt: saved?.nextAt ?? 0,
    suspects: new Set(),
  }
}

/** A request was answered with success, in part at least. Returns whether this closed the circuit. */
export function succeed(circuit: Circuit): boolean {
  const closed = circuit.state !== 'closed'
  circuit.state = next[circuit.state].success
  circuit.failures = 0
  circuit.probes = 0
  circuit.nextAt = 0
  circuit.suspects.clear()
  return closed
}

/**
 * A request failed. `waitMs(n)` is the backoff after the n-th failed probe; `retryAfterMs` what the
 * receiver asked for. Returns whether this opened the circuit.
 */
export function fail(
  circuit: Circuit,
  batchId: string,
  now: number,
  waitMs: (n: number) => number,
  retryAfterMs = 0,
): boolean {
  const before = circuit.state
  circuit.failures++
  if (circuit.suspects.size < 2) circuit.suspects.add(batchId)
  circuit.state = next[before].failure
  if (before === 'probing') {
    circuit.probes++
    circuit.nextAt = now + Math.max(waitMs(circuit.probes + 1), retryAfterMs)
    return false
  }
  if (before === 'closed' && circuit.failures >= openAfter) {
    circuit.state = 'open'
    circuit.probes = 0
    // One batch alone may be poisoned: another one may try at once whether the receiver is well, or
    // a failing group would delay the others.
    const alone = circuit.suspects.size < 2
    circuit.nextAt = now + Math.max(alone ? 0 : waitMs(1), retryAfterMs)
    return true
  }
  return false
}

/** Begins a probe, if it is time for one. */
export function probe(circuit: Circuit, now: number): boolean {
  if (circuit.state !== 'open' || now < circuit.nextAt) return false
  circuit.state = next.open.probe
  return true
}
