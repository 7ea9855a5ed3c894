// Which source a stream reads from: the live log, with a backfill between its windows while one is
// active, or a replay's history.
import type { Logger } from 'pino'
import type { Sql } from 'postgres'
import { createBackfillSource } from '../backfill/source.ts'
import type { LiveSource, Source } from '../deliver/source.ts'
import type { ClaimedStream } from '../deliver/store.ts'
import type { Target } from '../deliver/target.ts'
import { createReplaySource } from '../replay/source.ts'
import type { RunHooks } from './launch.ts'

export type MakeSource = (
  stream: ClaimedStream,
  target: Target,
  live: LiveSource,
  run: RunHooks,
) => Promise<Source>

/** Makes the function that a runner calls for each stream that it starts. */
export function makeSource(sql: Sql, logger: Logger): MakeSource {
  return async (stream, target, live, run) => {
    const { replayId } = stream
    if (replayId !== null) return createReplaySource({ sql, stream: { ...stream, replayId }, wake: run.wake })
    const sink = target.sink.name
    const onError = (error: unknown): void =>
      logger.warn({ err: error, sink }, 'a backfill could not be read on; trying again')
    if (!target.sink.backfilling) return live
    const { concurrency, batchSize } = target
    return createBackfillSource({
      sql,
      sinkId: stream.sinkId,
      live,
      wake: run.wake,
      slots: run.slots,
      drew: run.drew,
      concurrency,
      batchSize,
      onError,
    })
  }
}
