// May the role that rowhook connects as do everything that it will have to?
import type postgres from 'postgres'
import { type Finding, findingsOf, someOf } from './finding.ts'

export interface RoleRights {
  role: string
  /** Schemas of rowhook that it neither owns nor is a member of the owner of. */
  notOwned: string[]
  /** Captured tables and partitions on which it may not create triggers. */
  noTrigger: string[]
  /** Captured tables that it may not read, as a backfill has to. */
  noSelect: string[]
}

export async function readRole(sql: postgres.Sql): Promise<RoleRights> {
  const [row] = await sql<RoleRights[]>`
    with member as (
      select m.relid, m.kind from rowhook.source s cross join lateral rowhook.table_tree(s.relid) m
      where exists (select from pg_catalog.pg_class c where c.oid = s.relid)
        and (s.retention is not null or exists (select from rowhook.sink_table t where t.source_id = s.id)))
    select current_user::text as role,
      array(select n.nspname::text from pg_catalog.pg_namespace n
            where n.nspname in ('rowhook', 'rowhook_worker')
              and not pg_has_role(current_user, n.nspowner, 'usage') order by 1) as "notOwned",
      array(select rowhook.table_name(m.relid) from member m
            where not has_table_privilege(m.relid, 'trigger') order by 1) as "noTrigger",
      array(select rowhook.table_name(m.relid) from member m
            where m.kind = 'table' and not has_table_privilege(m.relid, 'select') order by 1) as "noSelect"`
  return row!
}

export function checkRole({ role, notOwned, noTrigger, noSelect }: RoleRights): Finding[] {
  const { ok, warning, problem } = findingsOf('role')
  const findings: Finding[] = []
  if (notOwned.length > 0) {
    findings.push(
      problem(
        `role ${role} does not own the schema ${notOwned.join(' and ')}: it cannot make capture functions and partitions`,
        `Connect as the role that ran install-sql, or make ${role} a member of it.`,
      ),
    )
  }
  if (noTrigger.length > 0) {
    findings.push(
      problem(
        `role ${role} may not create triggers on ${someOf(noTrigger)}: new partitions there are not captured under their own name`,
        `As the owner: grant trigger on … to ${role}`,
      ),
    )
  }
  if (noSelect.length > 0) {
    findings.push(
      warning(
        `role ${role} may not read ${someOf(noSelect)}: backfills fail there`,
        `As the owner: grant select on … to ${role}`,
      ),
    )
  }
  return findings.length > 0 ? findings : [ok(`role ${role} has the rights that rowhook needs`)]
}
