// What the benchmarks of delivery have in common: a running rowhook with sinks, and how fast what was committed
// at once goes out. Everything that is drained is one transaction, so it is there at once; the time is that
// between the first request and the last, of a process that has sent before.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Rowhook } from './harness.ts'

/** A running rowhook, an endpoint, and sinks for it. */
export interface Stage {
  rowhook: Rowhook
  /** Makes a sink with batches of `batchSize` over these tables. */
  sink(name: string, tables: readonly (string | object)[], batchSize?: number): Promise<void>
  /** Removes the sink. */
  drop(name: string): Promise<void>
  /** Messages a second of what `commit` makes, which are `messages` in `requests` requests. */
  drained(commit: () => Promise<unknown>, messages: number, requests: number): Promise<number>
}

/** Starts rowhook. */
export async function openStage({ rowhook: start, receiver }: Bench): Promise<Stage> {
  const rowhook = await start()
  await rowhook.api('POST', '/api/endpoints', { name: 'bench', url: receiver.url })
  return {
    rowhook,
    async sink(name, tables, batchSize = 100) {
      await rowhook.api('POST', '/api/sinks', {
        name,
        endpoint: 'bench',
        tables: tables.map((table) => (typeof table === 'string' ? { name: table } : table)),
        batch_size: batchSize,
      })
    },
    async drop(name) {
      await rowhook.api('DELETE', `/api/sinks/${name}`).catch(() => {}) // there may be none
    },
    async drained(commit, messages, requests) {
      await receiver.reset()
      await commit()
      // there may be more requests than expected, because a chunk of the log need not fill its last batch
      for (let seen = await receiver.until(requests, 300_000); ;) {
        await sleep(150)
        const now = await receiver.read()
        if (now.requests === seen.requests) return (messages / now.ms) * 1000
        seen = now
      }
    },
  }
}
