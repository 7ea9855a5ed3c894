// The delivery log's writer: one line per HTTP request, copied into rowhook.delivery many at a time,
// off the hot path. A crash may lose the last lines of the log, never a delivery; when the database
// is away for long, the oldest lines are dropped rather than memory filled.
import postgres from 'postgres'
import type { ReservedSql, Sql } from 'postgres'
import { isConnectionError } from '../db/connection-error.ts'
import { copyIn } from '../db/copy-in.ts'
import { openTally } from './tally.ts'

/** One HTTP request. */
export interface JournalLine {
  sinkId: number
  replayId: string | null
  webhookId: string
  eventIds: number[]
  attempt: number
  /** Unix milliseconds by the database's clock: when the request began. */
  at: number
  ok: boolean
  /** Messages that the answer acknowledged. */
  acknowledged: number
  status: number | null
  durationMs: number
  error: string | null
  /** First characters of the answer, secrets masked. */
  response: string | null
  /** Those of the request's headers that do not follow from the rest, as JSON text, secrets masked. */
  fixedHeaders: string
}

export interface Journal {
  add(line: JournalLine): void
  /** Writes what is there; never throws. */
  flush(): Promise<void>
  close(): Promise<void>
  /** Lines that were dropped because the database was away. */
  readonly dropped: number
}

const maxLines = 50_000
const everyMs = 200

const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
// COPY's text format; most texts need nothing done to them. NUL cannot be stored at all.
// oxlint-disable-next-line no-control-regex
const special = /[\\\n\r\t\0]/
const escape = (text: string | null): string =>
  text === null
    ? '\\N'
    : special.test(text)
      ? text.replace(/[\\\n\r\t]/g, (c) => escapes[c]!).replaceAll('\0', '\uFFFD')
      : text

// Printing a time costs as much as the rest of its line; many lines are of the same second.
let second = Number.NaN
let printedSecond = ''
function printTime(at: number): string {
  if (Math.floor(at / 1000) !== second) {
    second = Math.floor(at / 1000)
    printedSecond = new Date(second * 1000).toISOString().slice(0, -4)
  }
  return `${printedSecond}${String(Math.floor(at - second * 1000)).padStart(3, '0')}Z`
}

const copyLine = (l: JournalLine): string =>
  `${l.sinkId}\t${l.replayId ?? '\\N'}\t${l.webhookId}\t{${l.eventIds.join(',')}}\t${l.attempt}\t` +
  `${printTime(l.at)}\t${l.ok}\t${l.status ?? '\\N'}\t${l.durationMs.toFixed(3)}\t` +
  `${escape(l.error)}\t${escape(l.response)}\t${escape(l.fixedHeaders)}\n`

/** Opens the journal on a pool. */
export function openJournal(sql: Sql, onError: (error: unknown) => void): Journal {
  let lines: JournalLine[] = []
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let dropped = 0
  const tally = openTally(sql, onError)

  async function write(): Promise<void> {
    while (lines.length > 0) {
      const taken = lines.splice(0, 5000)
      let connection: ReservedSql | undefined
      try {
        // A connection of its own: postgres.js would send other queries of the pool into the copy.
        connection = await sql.reserve()
        const copy = connection<never[]>`
          copy rowhook.delivery (sink_id, replay_id, webhook_id, event_ids, attempt, at, ok, status,
            duration_ms, error, response, fixed_headers) from stdin`
        await copyIn(copy, taken.map(copyLine).join(''))
        connection.release()
      } catch (error) {
        // Only the server's own answer proves that the connection lives. One that is gone has been taken
        // back already, and releasing it would hand a dead one to the next query, which ends the process.
        if (error instanceof postgres.PostgresError && !isConnectionError(error)) connection?.release()
        onError(error)
        lines = taken.concat(lines)
        if (lines.length > maxLines) {
          dropped += lines.length - maxLines
          lines = lines.slice(-maxLines)
        }
        return
      }
    }
  }

  const flush = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    writing ??= write().finally(() => {
      writing = undefined
      if (lines.length > 0) schedule()
    })
    return writing
  }
  const schedule = (): void => {
    timer ??= setTimeout(() => void flush(), everyMs)
  }

  return {
    add(line) {
      lines.push(line)
      tally.count(line)
      schedule()
    },
    flush,
    async close() {
      await flush()
      if (lines.length > 0) await flush()
      clearTimeout(timer)
      await tally.close()
    },
    get dropped() {
      return dropped
    },
  }
}
