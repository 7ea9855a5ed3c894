// Rows of rowhook.audit: who changed what, and what it was before. Written in the transaction of the
// change itself, so there is neither without the other. Callers hand in resources as they are shown,
// with secrets masked.
import { type Selectable, sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'
import type { AuditTable } from '../../db/tables.ts'

/** A line of the audit log. */
export type AuditRow = Selectable<AuditTable>

/** One change. `before` is null for what was made, `after` for what was deleted. */
export interface AuditEntry {
  actor: string
  /** `endpoint.create`, `sink.pause` … */
  action: string
  /** `sink:orders` */
  resource: string
  before: object | null
  after: object | null
}

export async function writeAudit(db: Db, entry: AuditEntry): Promise<void> {
  await db.insertInto('rowhook.audit').values(entry).execute()
}

/** What to look for; what is not given may be anything. */
export interface AuditFilters {
  actor?: string | undefined
  /** `sink.create`, or `sink` for every action on sinks. */
  action?: string | undefined
  resource?: string | undefined
  since?: string | undefined
  until?: string | undefined
}

/** Lines from the newest to older ones, from after (older than) the one with id `after`. */
export function listAudit(
  db: Db,
  limit: number,
  { actor, action, resource, since, until }: AuditFilters = {},
  after?: string,
): Promise<AuditRow[]> {
  let query = db.selectFrom('rowhook.audit').selectAll()
  if (actor !== undefined) query = query.where('actor', '=', actor)
  if (action !== undefined) {
    query = query.where((is) =>
      is.or([is('action', '=', action), is(sql`split_part(action, '.', 1)`, '=', action)]),
    )
  }
  if (resource !== undefined) query = query.where('resource', '=', resource)
  if (since !== undefined) query = query.where(sql<boolean>`at >= ${since}::timestamptz`)
  if (until !== undefined) query = query.where(sql<boolean>`at < ${until}::timestamptz`)
  if (after !== undefined) query = query.where('id', '<', after)
  return query.orderBy('id', 'desc').limit(limit).execute()
}
