// What a replay's run reads: events of the past in the order of their ids, up to the last one that there
// was when the replay was made. Verdicts are made by the database (rowhook.read_replay).
import type { Sql } from 'postgres'
import type { Source, SourceChunk } from '../deliver/source.ts'
import type { ClaimedStream } from '../deliver/store.ts'
import { compileReplay, failReplay, loadReplay, readReplay } from './store.ts'
import { isPermanent } from '../backfill/store.ts'

/** Between attempts while a table waits for an edit of the sink. */
const waitMs = 2000

export interface ReplaySourceOptions {
  sql: Sql
  stream: ClaimedStream & { replayId: string }
  /** There is something to read. */
  wake(): void
}

/** Makes the source of a replay's stream, at the stream's position. */
export async function createReplaySource({ sql, stream, wake }: ReplaySourceOptions): Promise<Source> {
  const { replayId, position } = stream
  const replay = await loadReplay(sql, replayId)
  let compiled = replay.toCompile === null
  let last = position.last
  let brought = replay.rowsDone
  // also where there is nothing (more) to read: the replay is completed with what a read brings, and be it nothing
  let ended = false
  let timer: NodeJS.Timeout | undefined

  async function fail(error: unknown): Promise<null> {
    ended = true
    await failReplay(sql, replayId, (error as Error).message)
    return null
  }

  return {
    announce() {
      // what happens now is none of a replay's business
    },
    get hasMore() {
      return !ended && timer === undefined
    },
    get busy() {
      return timer !== undefined
    },
    async next(limit, bytes): Promise<SourceChunk | null> {
      if (ended) return null
      try {
        if (!compiled) await compileReplay(sql, replayId, replay)
        compiled = true
        const read = await readReplay(sql, { id: replayId, sinkId: stream.sinkId }, last, limit, bytes)
        if (read === 'stale') {
          timer = setTimeout(() => {
            timer = undefined
            wake()
          }, waitMs)
          return null
        }
        const { rows, errors } = read
        ended = read.done || read.end >= replay.untilId
        last = ended ? replay.untilId : read.end
        brought += rows.length + errors.length
        const { from, to } = position
        return {
          rows,
          errors,
          position: { from, to, last },
          window: { from, to },
          backfill: null,
          replayed: brought,
        }
      } catch (error) {
        if (isPermanent(error)) return fail(error)
        throw error
      }
    },
    close() {
      ended = true
      clearTimeout(timer)
    },
  }
}
