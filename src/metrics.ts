// Every metric: name, help and labels, under Prometheus' conventions. What is a matter of the
// database (pending, discarded, ages, sizes) is read from it when a scrape asks (src/api/metrics).
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Batch } from './deliver/batch.ts'
import type { Exchange } from './deliver/exchange.ts'

export interface Metrics {
  registry: Registry
  /** Counts one request of a sink and what it carried; `at`: Unix milliseconds when it began. */
  requests(sink: string): (batch: Batch, exchange: Exchange, ok: boolean, at: number) => void
  ticks: Counter
  roundTrips: Counter<'kind'>
  runs: Gauge
}

/** By the first digit of the status. */
const statusClasses = ['error', '1xx', '2xx', '3xx', '4xx', '5xx', '6xx', '7xx', '8xx', '9xx']

interface Counts {
  byClass: number[]
  ofDelivered: number
  ofFailed: number
}

/** Makes the registry of this process. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  /** What was counted since the last scrape, by sink: a counter of the registry makes texts of its labels each time. */
  const counted = new Map<string, Counts>()
  const requests = new Counter({
    name: 'rowhook_requests_total',
    help: 'HTTP requests to receivers, by status class; "error": no answer',
    labelNames: ['sink', 'status'] as const,
    registers,
    collect: tell,
  })
  const messages = new Counter({
    name: 'rowhook_messages_delivered_total',
    help: 'Messages that a receiver acknowledged',
    labelNames: ['sink'] as const,
    registers,
    collect: tell,
  })
  const failed = new Counter({
    name: 'rowhook_messages_failed_total',
    help: 'Messages in requests that failed, counted once per failed request',
    labelNames: ['sink'] as const,
    registers,
    collect: tell,
  })
  function tell(): void {
    for (const [sink, { byClass, ofDelivered, ofFailed }] of counted) {
      for (const [i, n] of byClass.entries()) if (n > 0) requests.inc({ sink, status: statusClasses[i]! }, n)
      if (ofDelivered > 0) messages.inc({ sink }, ofDelivered)
      if (ofFailed > 0) failed.inc({ sink }, ofFailed)
    }
    counted.clear()
  }
  const duration = new Histogram({
    name: 'rowhook_request_duration_seconds',
    help: 'Duration of one HTTP exchange',
    labelNames: ['sink'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  })
  const latency = new Histogram({
    name: 'rowhook_delivery_latency_seconds',
    help: 'From capture to acknowledgement, of the first message of each delivered request',
    labelNames: ['sink'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600],
    registers,
  })

  return {
    registry,
    requests(sink) {
      const durations = duration.labels(sink)
      const latencies = latency.labels(sink)
      return (batch, exchange, ok, at) => {
        let counts = counted.get(sink)
        if (counts === undefined) {
          counts = { byClass: statusClasses.map(() => 0), ofDelivered: 0, ofFailed: 0 }
          counted.set(sink, counts)
        }
        counts.byClass[Math.floor((exchange.status ?? 0) / 100)]! += 1
        durations.observe(exchange.durationMs / 1000)
        if (!ok) {
          counts.ofFailed += batch.members.length
          return
        }
        counts.ofDelivered += batch.members.length
        const captured = batch.members[0]?.payload?.captured_at
        if (captured !== undefined) {
          latencies.observe(Math.max(0, (at + exchange.durationMs - Date.parse(captured)) / 1000))
        }
      }
    },
    ticks: new Counter({ name: 'rowhook_ticks_total', help: 'New ticks that this process saw', registers }),
    roundTrips: new Counter({
      name: 'rowhook_database_round_trips_total',
      help: 'Calls of the dispatcher into the database',
      labelNames: ['kind'] as const,
      registers,
    }),
    runs: new Gauge({ name: 'rowhook_runs', help: 'Streams that this process runs', registers }),
  }
}
