// Are the triggers in place and enabled on every captured table, and on each of its partitions?
import type postgres from 'postgres'
import { type Finding, counted, findingsOf, someOf } from './finding.ts'

/** One trigger that a captured table or partition must have. */
export interface TriggerState {
  /** The table or partition, quoted. */
  table: string
  /** The captured table that it belongs to, quoted: itself, or the root. */
  source: string
  trigger: string
  missing: boolean
  /** pg_trigger.tgenabled: O origin, A always, R replica, D disabled; null: missing. */
  enabled: 'O' | 'A' | 'R' | 'D' | null
}

export interface Triggers {
  triggers: TriggerState[]
  /** Settings such as `database shop` or `role etl` that make sessions skip triggers. */
  replicaRoles: string[]
  /** Captured tables that logical replication writes to. */
  subscribed: string[]
}

export async function readTriggers(sql: postgres.Sql): Promise<Triggers> {
  const triggers = await sql<TriggerState[]>`
    select rowhook.table_name(w.relid) as "table", rowhook.table_name(s.relid) as source, w.name as trigger,
      w.missing, g.tgenabled::text as enabled
    from rowhook.source s
    cross join lateral rowhook.wanted_triggers(s.id) w
    left join pg_catalog.pg_trigger g on g.tgrelid = w.relid and g.tgname = w.name
    where exists (select from pg_catalog.pg_class c where c.oid = s.relid)
    order by 2, 1, 3`
  const replicaRoles = await sql<{ who: string }[]>`
    select concat_ws(' ', case when d.datname is not null then 'database ' || d.datname end,
                          case when r.rolname is not null then 'role ' || r.rolname end) as who
    from pg_catalog.pg_db_role_setting c
    left join pg_catalog.pg_database d on d.oid = c.setdatabase
    left join pg_catalog.pg_roles r on r.oid = c.setrole
    where (c.setdatabase = 0 or d.datname = current_database())
      and 'session_replication_role=replica' = any (c.setconfig)`
  const subscribed = await sql<{ name: string }[]>`
    select distinct rowhook.table_name(r.srrelid) as name
    from pg_catalog.pg_subscription_rel r
    join rowhook.source s on exists (select from rowhook.table_tree(s.relid) t where t.relid = r.srrelid)
    where exists (select from rowhook.wanted_triggers(s.id))
    order by 1`
  return {
    triggers: [...triggers],
    replicaRoles: replicaRoles.map(({ who }) => who),
    subscribed: subscribed.map(({ name }) => name),
  }
}

export function checkTriggers({ triggers, replicaRoles, subscribed }: Triggers): Finding[] {
  const { ok, note, warning, problem } = findingsOf('triggers')
  const findings: Finding[] = []
  for (const [table, own] of Map.groupBy(triggers, (each) => each.table)) {
    const missing = own.filter((each) => each.missing)
    const disabled = own.filter(({ enabled }) => enabled === 'D')
    const replica = own.filter(({ enabled }) => enabled === 'R')
    const names = (list: readonly TriggerState[]) => list.map(({ trigger }) => trigger).join(', ')
    if (missing.length > 0) {
      findings.push(
        problem(
          `${table} lacks ${names(missing)}: those changes are not captured`,
          `Run: select rowhook.refresh('${own[0]!.source.replaceAll("'", "''")}')`,
        ),
      )
    }
    if (disabled.length > 0) {
      findings.push(
        problem(
          `on ${table}, ${names(disabled)} ${disabled.length === 1 ? 'is' : 'are'} disabled: those changes are not captured`,
          enable(table, disabled),
        ),
      )
    }
    if (replica.length > 0) {
      findings.push(
        problem(
          `on ${table}, ${names(replica)} only ${replica.length === 1 ? 'fires' : 'fire'} in replica mode`,
          enable(table, replica),
        ),
      )
    }
  }
  for (const who of replicaRoles) {
    findings.push(
      problem(
        `session_replication_role is replica for ${who}: what its sessions write is not captured`,
        `Run: alter ${who.startsWith('database') && who.includes(' role ') ? 'role … in database …' : who} reset session_replication_role`,
      ),
    )
  }
  const silent = subscribed.filter((table) =>
    triggers.some((each) => each.table === table && each.enabled !== 'A'),
  )
  if (silent.length > 0) {
    findings.push(
      warning(
        `logical replication writes to ${someOf(silent)}, and its writes are not captured`,
        'Where they should be: alter table … enable always trigger … for each trigger that begins with 00_rowhook.',
      ),
    )
  }
  const tables = new Set(triggers.map(({ table }) => table))
  if (findings.length === 0) {
    findings.push(
      tables.size === 0
        ? note('no table is captured yet')
        : ok(
            `${counted(triggers.length, 'trigger')} on ${counted(tables.size, 'table')}, all in place and enabled`,
          ),
    )
  }
  return findings
}

function enable(table: string, triggers: readonly TriggerState[]): string {
  return `Run: ${triggers.map(({ trigger }) => `alter table ${table} enable trigger "${trigger}"`).join('; ')}`
}
