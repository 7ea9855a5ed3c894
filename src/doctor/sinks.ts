// How does each sink do?
import type postgres from 'postgres'
import { type Finding, counted, findingsOf } from './finding.ts'

export interface SinkState {
  name: string
  health: 'ok' | 'degraded' | 'failing' | 'stale' | 'paused' | 'disabled'
  pending: number
  discarded: number
  /** Age of the oldest pending message, milliseconds. */
  lagMs: number
  blockedGroups: number
  lastError: string | null
  /** Why rowhook itself paused it. */
  statusReason: string | null
  /** Who receives its requests for the moment (rowhook listen). */
  listener: string | null
}

/** A sink that works through its messages is not late before this. */
const lateAfterMs = 60_000

export async function readSinks(sql: postgres.Sql): Promise<SinkState[]> {
  const rows = await sql<SinkState[]>`
    select k.name, t.health, t.pending::float8 as pending, t.discarded::float8 as discarded,
      coalesce(t.lag_ms, 0)::float8 as "lagMs", t.blocked_groups::float8 as "blockedGroups",
      t.last_error as "lastError", k.status_reason as "statusReason",
      (select l.actor from rowhook.listener l where l.sink_id = k.id) as listener
    from rowhook.sink k
    join rowhook.sink_stats(array(select id from rowhook.sink)) t on t.sink_id = k.id
    order by k.name`
  return [...rows]
}

export function checkSinks(sinks: readonly SinkState[]): Finding[] {
  const { ok, note, warning, problem } = findingsOf('sinks')
  const findings: Finding[] = []
  for (const {
    name,
    health,
    pending,
    discarded,
    lagMs,
    blockedGroups,
    lastError,
    statusReason,
    listener,
  } of sinks) {
    const because = lastError === null ? '' : `; last error: ${lastError}`
    const log = `rowhook deliveries ${name} --outcome failed`
    const waiting = `${counted(pending, 'message')} pending, the oldest for ${Math.round(lagMs / 1000)} s`
    if (health === 'failing') {
      findings.push(
        problem(
          `sink ${name}: every request fails (${waiting})${because}`,
          `See ${log}, and mend the receiver.`,
        ),
      )
    } else if (health === 'degraded') {
      findings.push(
        warning(
          `sink ${name}: ${counted(blockedGroups, 'group')} wait for a failed message${because}`,
          `See ${log}.`,
        ),
      )
    } else if (health === 'paused' && statusReason !== null) {
      findings.push(
        warning(
          `sink ${name} was paused: ${statusReason}`,
          `When the receiver is back: rowhook sinks resume ${name}`,
        ),
      )
    } else if (health === 'paused' || health === 'disabled') {
      findings.push(note(`sink ${name} is ${health}${pending > 0 ? ` (${waiting})` : ''}`))
    } else if (health === 'ok' && lagMs > lateAfterMs) {
      findings.push(
        warning(
          `sink ${name} is behind: ${waiting}`,
          'See whether its receiver is slow (rowhook deliveries), its rate_limit low, or its concurrency; a larger batch_size helps most.',
        ),
      )
    }
    if (listener !== null) {
      findings.push(note(`sink ${name} sends to ${listener}, who listens in place of its endpoint`))
    }
    if (discarded > 0) {
      findings.push(
        warning(
          `sink ${name} has ${counted(discarded, 'discarded message')}`,
          `See rowhook messages ${name} --state discarded; rowhook messages redeliver ${name} --state discarded sends them again.`,
        ),
      )
    }
  }
  // A stale sink is the capture's to report.
  return findings.length > 0 ? findings : [ok(`${counted(sinks.length, 'sink')}, none of them late`)]
}
