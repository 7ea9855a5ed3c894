// What sinks did over time, out of rowhook.activity: a row for each minute in which something was sent.
import { sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'
import { addLatency, percentile } from '../../deliver/latency.ts'

/** One step of time in which something was sent. */
export interface ActivityRow {
  /** Where the step begins. */
  at: Date
  /** Messages that were acknowledged. */
  messages: number
  requests: number
  /** Requests that failed. */
  failed: number
  p50_ms: number
  p95_ms: number
  p99_ms: number
}

/** A stretch of time in equal steps. */
export interface Steps {
  since: Date
  until: Date
  stepS: number
}

interface Minute extends Record<'messages' | 'requests' | 'failed', number> {
  step: number
  latency: number[]
}

const stepOf = ({ since, stepS }: Steps) =>
  sql<number>`floor(extract(epoch from a.at - ${since}::timestamptz) / ${stepS}::double precision)::int`

/** A sink's steps, oldest first; those without a request are left out. */
export async function activityOf(db: Db, sinkId: number, steps: Steps): Promise<ActivityRow[]> {
  const { rows } = await sql<Minute>`
    select ${stepOf(steps)} as step, a.messages::double precision as messages, a.requests, a.failed, a.latency
    from rowhook.activity a
    where a.sink_id = ${sinkId} and a.at >= ${steps.since}::timestamptz and a.at < ${steps.until}::timestamptz
    order by a.at`.execute(db)
  const sums = new Map<number, Minute>()
  for (const row of rows) {
    const sum = sums.get(row.step)
    if (sum === undefined) sums.set(row.step, row)
    else {
      sum.messages += row.messages
      sum.requests += row.requests
      sum.failed += row.failed
      addLatency(sum.latency, row.latency)
    }
  }
  return [...sums.values()].map(({ step, messages, requests, failed, latency }) => ({
    at: new Date(steps.since.getTime() + step * steps.stepS * 1000),
    messages,
    requests,
    failed,
    p50_ms: percentile(latency, 0.5),
    p95_ms: percentile(latency, 0.95),
    p99_ms: percentile(latency, 0.99),
  }))
}

/** Acknowledged messages of each sink (by its uuid) in each step; sinks that sent nothing are left out. */
export async function activityOfAll(db: Db, steps: Steps): Promise<Record<string, number[]>> {
  const { rows } = await sql<{ id: string; steps: number[]; messages: number[] }>`
    select s.uid as id, array_agg(x.step) as steps, array_agg(x.messages) as messages
    from (
      select a.sink_id, ${stepOf(steps)} as step, sum(a.messages)::double precision as messages
      from rowhook.activity a
      where a.at >= ${steps.since}::timestamptz and a.at < ${steps.until}::timestamptz
      group by 1, 2) x
    join rowhook.sink s on s.id = x.sink_id
    group by s.id`.execute(db)
  const length = Math.round((steps.until.getTime() - steps.since.getTime()) / 1000 / steps.stepS)
  return Object.fromEntries(
    rows.map((row) => {
      const messages = Array.from({ length }, () => 0)
      for (const [i, step] of row.steps.entries()) messages[step] = row.messages[i]!
      return [row.id, messages]
    }),
  )
}
