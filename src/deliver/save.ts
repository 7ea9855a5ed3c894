// Saves the progress of all runs of this process. Most of it is positions and nothing else, and with many
// sinks a transaction for each would be most of the database's work: those that come at about the same
// time are saved by one statement.
import postgres from 'postgres'
import type { Sql } from 'postgres'
import { isConnectionError } from '../db/connection-error.ts'
import type { Ops, Position } from './book.ts'
import type { ClaimedStream } from './store.ts'
import { savePositions, saveStream } from './store.ts'

/** Writes a run's progress; false: the lease is lost. */
export type Save = (place: Place, ops: Ops | null) => Promise<boolean>

/** A position that is to be saved. */
export interface Place {
  stream: ClaimedStream
  /** Of the save, which keeps it when it is repeated; each later one has a higher one. */
  number: number
  position: Position
  delivered: number
}

interface Waiting extends Place {
  resolve(saved: boolean | Promise<boolean>): void
  reject(error: unknown): void
}

/** Milliseconds from one statement to the next. */
const everyMs = 20

/**
 * Makes the function that runs save with. A position that comes alone is saved at once; those that come
 * less than 20 ms after the last wait for each other until then.
 */
export function createSave(sql: Sql): Save {
  let waiting: Waiting[] = []
  let timer: NodeJS.Timeout | undefined
  let lastAt = -Infinity

  async function flush(): Promise<void> {
    timer = undefined
    lastAt = performance.now()
    const places = waiting
    waiting = []
    try {
      const saved = await savePositions(sql, places)
      for (const p of places) {
        // whether its lease is lost, or somebody holds its row for a moment, is found out by itself
        p.resolve(saved.has(p.stream.id) || saveStream(sql, p, null))
      }
    } catch (error) {
      // One place that is refused must not keep the others from being saved, again and again.
      const isRefused =
        error instanceof postgres.PostgresError && places.length > 1 && !isConnectionError(error)
      for (const p of places) {
        if (isRefused) p.resolve(saveStream(sql, p, null))
        else p.reject(error)
      }
    }
  }

  return (place, ops) => {
    if (ops !== null || place.stream.replayId !== null) return saveStream(sql, place, ops)
    return new Promise((resolve, reject) => {
      waiting.push({ ...place, resolve, reject })
      timer ??= setTimeout(() => void flush(), Math.max(0, lastAt + everyMs - performance.now()))
    })
  }
}
