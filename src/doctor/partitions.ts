// Are partitions of the log made ahead of time, and is nothing in the default ones?
import type postgres from 'postgres'
import { type Finding, findingsOf } from './finding.ts'

export interface PartitionState {
  /** event or delivery. */
  log: string
  /** Partitions besides the default one. */
  count: number
  /** Hours for which there are partitions ahead; null: none at all. */
  hoursAhead: number | null
  /** The default partition holds rows. */
  defaultUsed: boolean
  /** Why the oldest partition of the event log is kept beyond its time; null: it is not. */
  keptFor: string | null
}

/** Below this, maintenance has not run for too long. */
const wantedHours = 12

export async function readPartitions(sql: postgres.Sql): Promise<PartitionState[]> {
  const states: PartitionState[] = []
  for (const log of ['event', 'delivery']) {
    const [row] = await sql<Omit<PartitionState, 'log' | 'defaultUsed' | 'keptFor'>[]>`
      select count(*)::int as count,
        (extract(epoch from max(p.ends_at) - rowhook.now()) / 3600)::float8 as "hoursAhead"
      from rowhook.partitions(${log}) p`
    const [used] = await sql<{ used: boolean }[]>`
      select exists (select from ${sql(`rowhook.${log}_default`)}) as used`
    const [kept] = await sql<{ kept: string }[]>`
      select p.kept_for as kept from rowhook.log_partitions p
      where ${log} = 'event' and p.kept_for is not null order by p.starts_at limit 1`
    states.push({ log, ...row!, defaultUsed: used!.used, keptFor: kept?.kept ?? null })
  }
  return states
}

export function checkPartitions(states: readonly PartitionState[]): Finding[] {
  const { ok, note, warning } = findingsOf('partitions')
  const next = 'A running dispatcher makes partitions every few minutes; by hand: call rowhook.maintain()'
  const findings: Finding[] = []
  for (const { log, count, hoursAhead, defaultUsed, keptFor } of states) {
    if (hoursAhead === null || hoursAhead < wantedHours) {
      const until =
        hoursAhead === null
          ? 'has no partitions'
          : `has partitions for ${Math.floor(hoursAhead)} more hours only`
      findings.push(warning(`rowhook.${log} ${until}: what comes then goes into the default one`, next))
    } else
      findings.push(ok(`rowhook.${log} has ${count} partitions, ${Math.floor(hoursAhead / 24)} days ahead`))
    if (keptFor !== null) findings.push(note(`old days of rowhook.${log} are kept: ${keptFor}`))
    if (defaultUsed) {
      findings.push(
        warning(
          `the default partition of rowhook.${log} holds rows: nothing is lost, but old ones stay longer`,
          next,
        ),
      )
    }
  }
  return findings
}
