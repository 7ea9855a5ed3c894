// Reads ahead: chunks of the log become messages in lanes, as long as there is room in memory.
import type { EventRow } from '../log/events.ts'
import type { Aside } from './aside.ts'
import { laneKeys, noteTruncate } from './barrier.ts'
import { countIn, createChunk, settleIn } from './book.ts'
import type { BookChunk } from './book.ts'
import { isBlind } from './circuit.ts'
import { groupKeys, staleKey } from './group.ts'
import type { Message } from './lanes.ts'
import type { Newest } from './newest.ts'
import { keepPayload, sizeOf } from './payload.ts'
import type { Decided } from './run.ts'
import { takenOut } from './settle.ts'
import type { Settler } from './settle.ts'
import type { SourceChunk } from './source.ts'
import type { RunState } from './state.ts'
import { sendable } from './target.ts'

/** Bytes of stored payload that a run keeps in memory ahead of its requests. */
const maxAheadBytes = 8 * 1024 * 1024
/** Messages that are set aside in memory, and chunks that cannot be passed because of them. */
const maxAside = 20_000
const maxChunks = 20_000
/**
 * Messages in memory at all, those that are written down included: 0.2 to 0.4 kB each. Where so many wait
 * behind failing ones, the log is read on only as they get through.
 */
const maxWaiting = 200_000

export interface Reader {
  /** Reads if there is something to read, and room. */
  read(): void
  /** Whether the log could be read on as far as memory goes, and something of it could be sent. */
  hasRoom(): boolean
  readonly reading: boolean
  /** A waiting message leaves: it is no longer the one that a newer version would replace. */
  forget(m: Message<EventRow>): void
}

/** Whether the log lacks a tick that was announced: the server has lost its last commits, and it stays so. */
export const isForgotten = (error: unknown): boolean => (error as { code?: unknown }).code === 'P0002'

/** @param onQuiet told when a read has ended after the run was stopped */
export function createReader(
  state: RunState,
  aside: Aside,
  settler: Settler,
  newest: Newest,
  onQuiet: () => void,
): Reader {
  const { options, lanes } = state
  const { target, source, book, circuit } = options
  // two rounds of full requests, within bounds that keep a large transaction out of memory
  const aheadMessages = Math.min(Math.max(2 * target.concurrency * target.batchSize, 2000), 6000)
  const chunkLimit = Math.min(Math.ceil(aheadMessages / 2), 1000)
  let reading = false

  const alive = (): boolean => !state.stopping && !state.dead

  // what comes now would only have to be written down, to be read again after the edit
  const allWaits = (): boolean =>
    state.stale.size > 0 &&
    [...target.tables].every(([sourceId, { former }]) => former || state.stale.has(sourceId))

  function hasRoom(): boolean {
    if (allWaits()) return false
    // everything fails: one message is enough to ask whether it still does
    if (isBlind(circuit, lanes.trust.size > 0) && lanes.hasReady) return false
    return (
      // while it is only much that fails, what may get through is looked for further on
      lanes.ahead < (circuit.state === 'closed' ? aheadMessages : maxAside) &&
      state.aheadBytes < maxAheadBytes &&
      lanes.aside < maxAside &&
      lanes.waiting < maxWaiting &&
      book.chunks.length < maxChunks
    )
  }

  async function readOnce(): Promise<void> {
    const read = await nextChunk()
    if (read === null || state.dead) return
    accept(read.chunk, read.decided)
    // a whole backlog may be discarded, and nothing else bounds what is to be written then
    if (book.ops.discard.length >= chunkLimit) await book.flush()
  }

  // A failed step is tried again with the same chunk: the source has moved on already.
  async function nextChunk(): Promise<{ chunk: SourceChunk; decided: Decided | null } | null> {
    let chunk: SourceChunk | null | undefined
    for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
      try {
        chunk ??= await source.next(chunkLimit, maxAheadBytes)
        if (chunk === null || state.dead) return null
        const decided = chunk.rows.some((r) => r.undecided) ? await options.decide(chunk.rows) : null
        return { chunk, decided }
      } catch (error) {
        if (isForgotten(error)) throw error
        options.onError(error)
        await new Promise((resolve) => setTimeout(resolve, wait))
        // until a chunk is there, nothing is lost by giving up; a stopped run reads it again
        if (!alive()) return null
      }
    }
  }

  function accept(read: SourceChunk, decided: Decided | null): void {
    const now = performance.now()
    state.progressAt = now
    const rows = sendable(target, decided?.rows ?? read.rows)
    const chunk = createChunk(read)
    book.addChunk(chunk)
    source.accepted?.(rows)
    for (const row of rows) {
      if (state.known.has(row.event_id)) {
        // it has its place already, and here it would come behind what is to come after it
        settleIn(chunk, countIn(chunk, row.event_id))
      } else if (target.tables.get(row.source_id)?.former === true) {
        settler.discardRow(row, groupKeys(target, row), takenOut)
      } else if (decided?.stale.has(row.event_id) === true || state.stale.has(row.source_id)) {
        waitForEdit(row, chunk)
      } else add(row, chunk, now)
    }
    for (const { row, error } of [...(read.errors ?? []), ...(decided?.errors ?? [])]) {
      if (!state.known.has(row.event_id)) settler.discardRow(row, groupKeys(target, row), error)
    }
    if (chunk.remaining === 0) book.touch()
  }

  function waitForEdit(row: EventRow, chunk: BookChunk): void {
    if (!state.stale.has(row.source_id)) aside.holdAll(row.source_id)
    state.stale.add(row.source_id)
    settler.holdRow(row, [staleKey(row.source_id)])
    settleIn(chunk, countIn(chunk, row.event_id))
  }

  function add(row: EventRow, chunk: BookChunk, since: number): void {
    const size = sizeOf(row)
    const keys = laneKeys(state, row)
    if (size > target.maxMessageBytes) {
      const limit = target.maxMessageBytes
      settler.discardRow(
        row,
        keys,
        `the message has about ${size} bytes, more than max_message_bytes ${limit}`,
      )
      return
    }
    const m = lanes.add(
      {
        id: row.event_id,
        payload: undefined,
        size,
        failures: 0,
        chunk,
        at: countIn(chunk, row.event_id),
        place: 'ahead',
        since,
        order: state.arrival++,
      },
      keys,
    )
    noteTruncate(state, row, m)
    keepPayload(state, m, row)
    aside.add(m)
    if (target.rowsOnly) newest.add(m, row)
  }

  return {
    read() {
      if (reading || !alive() || !source.hasMore || !hasRoom() || !options.mayRun()) return
      reading = true
      void readOnce()
        .catch(state.fault)
        .finally(() => {
          reading = false
          if (alive()) state.pump()
          else onQuiet()
        })
    },
    hasRoom,
    get reading() {
      return reading
    },
    forget: newest.forget,
  }
}
