// Does the capture of each table fit the table as it is now, and does each sink fit its tables?
import type postgres from 'postgres'
import { type Finding, counted, findingsOf, someOf } from './finding.ts'

export interface CaptureState {
  table: string
  /** The generated function is there. */
  hasFunction: boolean
  /** The table, or what sinks want of it, changed since the function was made. */
  stale: boolean
  /** Foreign tables among its partitions and children, quoted. */
  foreign: string[]
}

export interface Capture {
  sources: CaptureState[]
  /** Tables of sinks that wait for an edit. */
  staleTables: { sink: string; reason: string }[]
}

export async function readCapture(sql: postgres.Sql): Promise<Capture> {
  const sources = await sql<CaptureState[]>`
    select rowhook.table_name(s.relid) as "table",
      to_regprocedure(format('rowhook.capture_%s()', s.id)) is not null as "hasFunction",
      s.fingerprint is distinct from rowhook.source_fingerprint(s.id) as stale,
      array(select rowhook.table_name(m) from unnest(rowhook.foreign_members(s.relid)) m) as "foreign"
    from rowhook.source s
    where exists (select from pg_catalog.pg_class c where c.oid = s.relid)
      and (s.retention is not null or exists (select from rowhook.sink_table t where t.source_id = s.id))
    order by 1`
  const staleTables = await sql<{ sink: string; reason: string }[]>`
    select k.name as sink, t.stale_reason as reason
    from rowhook.sink_table t join rowhook.sink k on k.id = t.sink_id
    where t.stale_reason is not null
    order by k.name, t.ordinal`
  return { sources: [...sources], staleTables: [...staleTables] }
}

export function checkCapture({ sources, staleTables }: Capture): Finding[] {
  const { ok, warning, problem } = findingsOf('capture')
  const findings = staleTables.map(({ sink, reason }) =>
    problem(
      `sink ${sink} is stale: ${reason}`,
      `Edit it (rowhook sinks update ${sink} …); its changes are kept meanwhile.`,
    ),
  )
  for (const { table, hasFunction, stale, foreign } of sources) {
    if (foreign.length > 0) {
      findings.push(
        problem(
          `${table} has ${foreign.length === 1 ? 'a foreign member' : 'foreign members'}, ${someOf(foreign)}: Postgres refuses statements that reach it through triggers with transition tables`,
          'Detach it, or take the table out of its sinks; until then its local rows are captured one by one, within 10 s of a running dispatcher.',
        ),
      )
    }
    const refresh = `Run: select rowhook.refresh('${table.replaceAll("'", "''")}')`
    if (!hasFunction) findings.push(problem(`the capture function of ${table} is gone`, refresh))
    else if (stale) {
      findings.push(
        warning(
          `the capture of ${table} was made before its last change`,
          `A running dispatcher makes it anew within 10 s. ${refresh}`,
        ),
      )
    }
  }
  return findings.length > 0 ? findings : [ok(`capture of ${counted(sources.length, 'table')} is up to date`)]
}
