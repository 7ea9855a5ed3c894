// A transaction snapshot of Postgres, to tell on this side which events a chunk of rows shows already.

/** What was committed when a snapshot was taken. */
export interface Snapshot {
  /** Whether the transaction with this id (xid8) had committed, if it ever did. */
  sees(xid: string): boolean
}

/** Reads a pg_snapshot's text form, `xmin:xmax:xip,…`. Ids stay far below 2^53. */
export function parseSnapshot(text: string): Snapshot {
  const [xmin, xmax, running = ''] = text.split(':')
  const low = Number(xmin)
  const high = Number(xmax)
  const inProgress = new Set(running === '' ? [] : running.split(',').map(Number))
  return {
    sees(xid) {
      const id = Number(xid)
      return id < low || (id < high && !inProgress.has(id))
    },
  }
}
