// What each sink sent in each minute, counted in memory and added to rowhook.activity every few seconds:
// charts of a busy day are then some hundred rows. A crash loses the last seconds of a chart, nothing else.
import type { Sql } from 'postgres'
import type { JournalLine } from './journal.ts'
import { addLatency, placeOf } from './latency.ts'

interface Minute {
  sink_id: number
  at: string
  messages: number
  requests: number
  failed: number
  latency: number[]
}

/** Counts of minutes, until they are written. */
export interface Tally {
  count(line: Pick<JournalLine, 'sinkId' | 'at' | 'ok' | 'acknowledged' | 'durationMs'>): void
  /** Writes what was counted; what cannot be written stays for the next time. Never throws. */
  flush(): Promise<void>
  close(): Promise<void>
}

const everyMs = 10_000
/** While the database is away: a thousand sinks for an hour. */
const maxMinutes = 60_000

/** Opens a tally on a pool. */
export function openTally(sql: Sql, onError: (error: unknown) => void): Tally {
  let minutes = new Map<string, Minute>()
  let timer: NodeJS.Timeout | undefined

  function minuteOf(sinkId: number, at: number): Minute {
    const begin = Math.floor(at / 60_000) * 60_000
    const key = `${sinkId} ${begin}`
    let minute = minutes.get(key)
    if (minute === undefined) {
      minute = {
        sink_id: sinkId,
        at: new Date(begin).toISOString(),
        messages: 0,
        requests: 0,
        failed: 0,
        latency: [],
      }
      minutes.set(key, minute)
    }
    return minute
  }

  /** Beside what was counted meanwhile; of too many, the oldest go. */
  function putBack(taken: Map<string, Minute>): void {
    const later = minutes
    minutes = taken
    for (const [key, minute] of later) {
      const earlier = minutes.get(key)
      if (earlier === undefined) minutes.set(key, minute)
      else {
        earlier.messages += minute.messages
        earlier.requests += minute.requests
        earlier.failed += minute.failed
        addLatency(earlier.latency, minute.latency)
      }
    }
    for (const key of minutes.keys()) {
      if (minutes.size <= maxMinutes) break
      minutes.delete(key)
    }
  }

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (minutes.size === 0) return
    const taken = minutes
    minutes = new Map()
    try {
      await sql`select rowhook.note_activity(${sql.json([...taken.values()] as never)})`
    } catch (error) {
      onError(error)
      putBack(taken)
      schedule()
    }
  }
  const schedule = (): void => {
    timer ??= setTimeout(() => void flush(), everyMs).unref()
  }

  return {
    count({ sinkId, at, ok, acknowledged, durationMs }) {
      const minute = minuteOf(sinkId, at)
      minute.requests += 1
      minute.messages += acknowledged
      if (!ok) minute.failed += 1
      const place = placeOf(durationMs)
      while (minute.latency.length <= place) minute.latency.push(0)
      minute.latency[place]! += 1
      schedule()
    },
    flush,
    async close() {
      await flush()
      clearTimeout(timer)
    },
  }
}
