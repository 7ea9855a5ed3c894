// The end of the log for many sinks at once. A tick makes all of them read that want something of it, mostly the
// same few events: read for each of them, they would be most of what a dispatcher asks of the database.
import type { Sql } from 'postgres'
import type { EventRow } from './events.ts'
import { readTail } from './events.ts'

/** Beyond about so much a window is better read chunk by chunk. */
const limit = 500
const bytes = 1024 * 1024
/** Each is a scan of its own. */
const maxSources = 100

export interface TailReader {
  /**
   * The events that a sink wants of the whole window (from, to], in id order, read together with those of others that
   * ask in the same turn of the event loop; null: read it alone.
   */
  read(window: Window): Promise<EventRow[] | null>
}

interface Window {
  sinkId: number
  sourceIds: readonly number[]
  from: number
  to: number
}

interface Asked extends Window {
  answer: PromiseWithResolvers<EventRow[] | null>
}

/** Makes the reader that the live sources of a dispatcher share. */
export function createTailReader(sql: Sql): TailReader {
  let asked: Asked[] = []

  function readAsked(): void {
    const byEnd = Map.groupBy(asked, (a) => a.to)
    asked = []
    for (const [to, together] of byEnd) void readTogether(to, together)
  }

  async function readTogether(to: number, together: Asked[]): Promise<void> {
    if (together.length === 1) return together[0]!.answer.resolve(null)
    const sourceIds = [...new Set(together.flatMap((a) => a.sourceIds))]
    try {
      const isWorthIt = sourceIds.length <= maxSources
      const read = isWorthIt ? await readTail(sql, { windows: together, to, sourceIds, limit, bytes }) : null
      for (const { sinkId, sourceIds: own, answer } of together) {
        const rows = read?.get(sinkId)
        // another sink asked for that table: was it added to this one, or taken out long ago?
        const isWhole = rows?.every((row) => own.includes(row.source_id)) === true
        answer.resolve(isWhole ? rows : null)
      }
    } catch (error) {
      for (const { answer } of together) answer.reject(error)
    }
  }

  return {
    read(window) {
      const answer = Promise.withResolvers<EventRow[] | null>()
      if (asked.push({ ...window, answer }) === 1) queueMicrotask(readAsked)
      return answer.promise
    },
  }
}
