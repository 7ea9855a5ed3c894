// The soak's receiver: it remembers in which order messages were acknowledged, and misbehaves as the
// weather says.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Random } from './random.ts'

/** What a receiver does with a request. */
export type Weather = 'fair' | 'failing' | 'flaky' | 'slow' | 'resetting' | 'poisoned'

/** A live change that was acknowledged. */
export interface Arrival {
  /** Of the change: its place in the log. */
  event: number
  action: string
  record: Record<string, unknown>
  /** The request that acknowledged it first: which one it was, and what it carried. */
  request: { count: number; webhookId: string; attempt: string; weather: Weather }
}

export interface SoakReceiver {
  url: string
  weather: Weather
  /** Live changes in the order in which each was first acknowledged. */
  first: Arrival[]
  duplicates: number
  reads: number
  replayed: number
  requests: number
  close(): void
}

/** Starts it on any free port. */
export async function startReceiver(random: Random): Promise<SoakReceiver> {
  const seen = new Set<string>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (c: Buffer) => chunks.push(c))
    request.on('error', () => {})
    request.on('end', () => {
      self.requests++
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as {
        data: { action: string; record: Record<string, unknown>; metadata: Record<string, string | null> }[]
      }
      const w = self.weather
      const told = {
        count: self.requests,
        webhookId: String(request.headers['webhook-id']),
        attempt: String(request.headers['rowhook-attempt']),
        weather: w,
      }
      const poisoned = w === 'poisoned' && data.some((m) => Number(m.record['id']) % 17 === 3)
      if (w === 'failing' || poisoned || (w === 'flaky' && random.chance(0.3))) {
        response.writeHead(random.pick([500, 503, 429, 404])).end()
        return
      }
      if (w === 'resetting' && random.chance(0.3)) {
        request.socket.destroy()
        return
      }
      const acknowledge = (): void => {
        for (const m of data) {
          const key = m.metadata['idempotency_key']!
          if (m.metadata['replay_id'] !== null) self.replayed++
          else if (m.metadata['backfill_id'] !== null) self.reads++
          else if (seen.has(key)) self.duplicates++
          else {
            seen.add(key)
            const event = Number(key.slice(key.lastIndexOf('-') + 1))
            self.first.push({ event, action: m.action, record: m.record, request: told })
          }
        }
        response.writeHead(200).end()
      }
      if (w === 'slow') setTimeout(acknowledge, random.between(10, 400))
      else acknowledge()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const self: SoakReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    weather: 'fair',
    first: [],
    duplicates: 0,
    reads: 0,
    replayed: 0,
    requests: 0,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
  return self
}
