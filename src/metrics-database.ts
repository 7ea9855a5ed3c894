// Metrics that are a matter of the database: how much waits, how old it is, how large the log. They are
// read when a scrape asks, and not more often than every few seconds however many ask; every process
// shows the same, so a dashboard takes max() over them and never sum().
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Sql } from 'postgres'

/** A registry as GET /metrics takes it. */
export interface Scrape {
  readonly contentType: string
  metrics(): Promise<string>
}

/** Sink and partition figures are this old at most. */
const freshForMs = 5000
/** A scrape waits so long for the database, then shows what it has. */
const patienceMs = 3000

interface SinkRow {
  name: string
  pending: number
  failing: number
  discarded: number
  lag_ms: number
  blocked_groups: number
  circuit: string
  health: string
}

const healths = ['ok', 'degraded', 'failing', 'stale', 'paused', 'disabled'] as const

/** Adds the database's metrics to a registry. */
export function withDatabaseMetrics(registry: Registry, sql: Sql): Scrape {
  const registers = [registry]
  const perSink = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['sink'] as const, registers })
  const pending = perSink('rowhook_sink_pending_messages', 'Messages captured and not yet sent')
  const failing = perSink(
    'rowhook_sink_failing_messages',
    'Messages in failed batches, which are tried again',
  )
  const discarded = perSink(
    'rowhook_sink_discarded_messages',
    'Messages that will not be sent unless asked for (counted to 100,000)',
  )
  const oldest = perSink(
    'rowhook_sink_oldest_undelivered_seconds',
    'Age of the oldest message that is neither acknowledged nor discarded; 0: none',
  )
  const blocked = perSink('rowhook_sink_blocked_groups', 'Groups whose later messages wait for a failed one')
  const open = perSink('rowhook_sink_circuit_open', '1 while every request fails and the sink only probes')
  const health = new Gauge({
    name: 'rowhook_sink_health',
    help: '1 for the health that a sink has, 0 for the others',
    labelNames: ['sink', 'health'] as const,
    registers,
  })
  const captured = new Counter({
    name: 'rowhook_messages_captured_total',
    help: 'Changes written to the event log, those of transactions that were rolled back included',
    registers,
  })
  const size = new Gauge({
    name: 'rowhook_log_partition_bytes',
    help: 'Size of a partition of the event log or the delivery log, indexes included',
    labelNames: ['log', 'partition'] as const,
    registers,
  })
  const dispatchers = new Gauge({
    name: 'rowhook_dispatchers',
    help: 'Dispatchers that gave a sign of life within 10 s',
    registers,
  })
  const reached = new Gauge({
    name: 'rowhook_database_up',
    help: '1 when the figures of the database could be read; else they are those of the last time',
    registers,
  })

  async function readSinks(): Promise<void> {
    const rows = await sql<SinkRow[]>`
      select k.name, t.health, t.circuit, t.pending::float8 as pending, t.failing::float8 as failing,
        t.discarded::float8 as discarded, coalesce(t.lag_ms, 0)::float8 as lag_ms,
        t.blocked_groups::float8 as blocked_groups
      from rowhook.sink_stats(array(select id from rowhook.sink)) t
      join rowhook.sink k on k.id = t.sink_id`
    for (const gauge of [pending, failing, discarded, oldest, blocked, open, health]) gauge.reset()
    for (const row of rows) {
      const labels = { sink: row.name }
      pending.set(labels, row.pending)
      failing.set(labels, row.failing)
      discarded.set(labels, row.discarded)
      oldest.set(labels, row.lag_ms / 1000)
      blocked.set(labels, row.blocked_groups)
      open.set(labels, row.circuit === 'open' ? 1 : 0)
      for (const each of healths) health.set({ sink: row.name, health: each }, row.health === each ? 1 : 0)
    }
  }

  async function readLog(): Promise<void> {
    const [row] = await sql<{ captured: number; dispatchers: number }[]>`
      select rowhook.last_event_id()::float8 as captured,
        (select count(*)::int from rowhook.dispatcher d
         where d.beat_at > rowhook.now() - interval '10 seconds') as dispatchers`
    const partitions = await sql<{ log: string; partition: string; bytes: number }[]>`
      select p.relname as log, c.relname as partition, pg_total_relation_size(c.oid)::float8 as bytes
      from pg_catalog.pg_inherits i
      join pg_catalog.pg_class c on c.oid = i.inhrelid
      join pg_catalog.pg_class p on p.oid = i.inhparent
      where i.inhparent in ('rowhook.event'::regclass, 'rowhook.delivery'::regclass)`
    captured.reset()
    captured.inc(row!.captured)
    dispatchers.set(row!.dispatchers)
    size.reset()
    for (const { log, partition, bytes } of partitions) size.set({ log, partition }, bytes)
  }

  let reading: Promise<void> | undefined
  let readAt = -Infinity

  function refresh(): Promise<void> {
    if (reading !== undefined) return reading
    if (performance.now() - readAt < freshForMs) return Promise.resolve()
    reading = Promise.all([readSinks(), readLog()])
      .then(
        () => reached.set(1),
        () => reached.set(0),
      )
      .finally(() => {
        readAt = performance.now()
        reading = undefined
      })
    return reading
  }

  return {
    contentType: registry.contentType,
    async metrics() {
      const patience = Promise.withResolvers<void>()
      const timer = setTimeout(patience.resolve, patienceMs)
      await Promise.race([refresh(), patience.promise])
      clearTimeout(timer)
      return registry.metrics()
    },
  }
}
