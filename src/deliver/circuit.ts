// When everything fails, stop: the log is the buffer. A total state table; time is an argument.
//
// A batch that failed before says nothing about the others. So while hardly any message failed at its
// first attempt since the last success, new ones may still try, one at a time and at once: a poisoned
// group must not stop its neighbours. Once new ones fail as well, they wait like everything else.

/** closed: requests flow; open: none until a probe is due; probing: one request is under way. */
export type CircuitState = 'closed' | 'open' | 'probing'
type CircuitEvent = 'success' | 'failure' | 'probe' | 'cancel'

/** Failed requests in a row, whatever their groups, that open the circuit. */
export const openAfter = 5
/** First attempts that fail in a row until the receiver as a whole is taken for down. */
const doubtAfter = 2

export interface Circuit {
  state: CircuitState
  /** Failed requests since the last success. */
  failures: number
  /** Of these, first attempts. */
  doubt: number
  /** Failed probes since the circuit opened, and those of them that were first attempts. */
  probes: number
  freshProbes: number
  /** Milliseconds of the caller's clock before which no batch probes that failed before. */
  nextAt: number
  /** The same for messages that are sent for the first time; never later. */
  freshAt: number
  /** The batch that probes. */
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
  return {
    state: saved?.open === true ? 'open' : 'closed',
    failures: saved?.failures ?? 0,
    doubt: saved?.open === true ? doubtAfter - 1 : 0,
    probes: saved?.probes ?? 0,
    freshProbes: 0,
    nextAt: saved?.nextAt ?? 0,
    freshAt: 0,
    probe: null,
  }
}

/** Whether it seems that nothing at all gets through: the log is not read on then. */
export const isBlind = (circuit: Circuit): boolean =>
  circuit.state !== 'closed' && circuit.doubt >= doubtAfter

/** A request was answered with success, in part at least. Returns whether this closed the circuit. */
export function succeed(circuit: Circuit): boolean {
  const closed = circuit.state !== 'closed'
  Object.assign(circuit, createCircuit(), { state: next[circuit.state].success })
  return closed
}

/** A failed request. */
export interface Failure {
  batchId: string
  /** None of its messages was sent before. */
  fresh: boolean
  /** What the receiver asked for. */
  retryAfterMs: number
  now: number
  /** The backoff after the n-th failed probe. */
  waitMs(n: number): number
}

/** A request failed. Returns whether this opened the circuit. */
export function fail(circuit: Circuit, { batchId, fresh, retryAfterMs, now, waitMs }: Failure): boolean {
  const before = circuit.state
  circuit.failures++
  if (fresh) circuit.doubt++
  if (before === 'probing' && batchId === circuit.probe) {
    circuit.state = next.probing.failure
    circuit.probe = null
    circuit.probes++
    if (fresh) circuit.freshProbes++
    circuit.nextAt = now + Math.max(waitMs(circuit.probes + 1), retryAfterMs)
    if (fresh) circuit.freshAt = now + freshWait(circuit, waitMs(circuit.freshProbes + 1), retryAfterMs)
    return false
  }
  if (before === 'closed' && circuit.failures >= openAfter) {
    circuit.state = 'open'
    circuit.probes = 0
    circuit.freshProbes = 0
    const wait = waitMs(1)
    circuit.nextAt = now + Math.max(wait, retryAfterMs)
    circuit.freshAt = now + freshWait(circuit, wait, retryAfterMs)
    return true
  }
  return false
}

const freshWait = (circuit: Circuit, wait: number, retryAfterMs: number): number =>
  circuit.doubt < doubtAfter ? 0 : Math.max(wait, retryAfterMs)

/** Milliseconds until such a request may probe; 0: now. */
export const probeDelayMs = (circuit: Circuit, fresh: boolean, now: number): number =>
  Math.max(0, (fresh ? Math.min(circuit.freshAt, circuit.nextAt) : circuit.nextAt) - now)

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
