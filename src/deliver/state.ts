// What the parts of a run share. Each part owns what it does with it: read.ts brings messages into
// the lanes, pump.ts takes them out and sends, settle.ts decides what an answer means, freeze.ts keeps
// batches that failed, aside.ts what waits behind those, payload.ts what is in memory of a message.
import type { EventRow } from '../log/events.ts'
import type { Batch } from './batch.ts'
import type { Exchange } from './exchange.ts'
import type { Lanes, Message } from './lanes.ts'
import type { RunOptions } from './run.ts'

export interface RunState {
  readonly options: RunOptions
  readonly lanes: Lanes<EventRow>
  /** By webhook-id: those under way, and those frozen. */
  readonly batches: Map<string, Batch>
  /** By source: its truncates that are neither delivered nor discarded (barrier.ts); never empty. */
  readonly truncates: Map<number, Set<Message<EventRow>>>
  /** Sources of which something waits for an edit of the sink: whatever comes of them later waits behind it. */
  readonly stale: Set<number>
  /** Ids of what an earlier run wrote down; after a crash, the log brings it once more. */
  readonly known: Set<number>
  /** Frozen batches whose time has come. */
  readonly due: Batch[]
  /** Requests under way. */
  readonly underWay: Map<Batch, UnderWay>
  /** Request slots that are taken, also by a batch whose payload is being fetched. */
  inFlight: number
  /** Nothing new is sent or read; what is under way ends. */
  stopping: boolean
  /** Nothing is done any more: the lease is lost, or the run is over. */
  dead: boolean
  /** The number of the next message. */
  arrival: number
  /** Bytes of payload in memory that wait for a request. */
  aheadBytes: number
  /** Monotonic milliseconds of the last sign of life. */
  progressAt: number
  /** Looks whether something may be sent or read now. */
  pump(): void
  /** A step broke off in the middle: what is in memory is not to be trusted, and the run ends as if it were killed. */
  fault(error: unknown): void
}

/** A request that outlives its run: the stream's next run hears what comes of it. */
export interface UnderWay {
  batch: Batch
  exchange: Promise<Exchange>
  /** Whether a run hears what comes of it; if none does, it may be written no more. */
  told: { isHeard: boolean }
}
