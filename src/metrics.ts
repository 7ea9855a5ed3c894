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

/** Makes the registry of this process. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const requests = new Counter({
    name: 'rowhook_requests_total',
    help: 'HTTP requests to receivers, by status class; "error": no answer',
    labelNames: ['sink', 'status'] as const,
    registers,
  })
  const messages = new Counter({
    name: 'rowhook_messages_delivered_total',
    help: 'Messages that a receiver acknowledged',
    labelNames: ['sink'] as const,
    registers,
  })
  const failed = new Counter({
    name: 'rowhook_messages_failed_total',
    help: 'Messages in requests that failed, counted once per failed request',
    labelNames: ['sink'] as const,
    registers,
  })
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
      const byClass = new Map<string, Counter.Internal>()
      const counter = (status: string): Counter.Internal => {
        let c = byClass.get(status)
        if (c === undefined) {
          c = requests.labels(sink, status)
          byClass.set(status, c)
        }
        return c
      }
      const delivered = messages.labels(sink)
      const failures = failed.labels(sink)
      const durations = duration.labels(sink)
      const latencies = latency.labels(sink)
      return (batch, exchange, ok, at) => {
        counter(exchange.status === undefined ? 'error' : `${Math.floor(exchange.status / 100)}xx`).inc()
        durations.observe(exchange.durationMs / 1000)
        if (!ok) {
          failures.inc(batch.members.length)
          return
        }
        delivered.inc(batch.members.length)
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
