// Rows of rowhook.delivery, one per HTTP request. Written by the dispatcher; only read here.
import type { Selectable } from 'kysely'
import type { Db } from '../../db/kysely.ts'
import type { DeliveryTable } from '../../db/tables.ts'

export type DeliveryRow = Selectable<DeliveryTable>

/** Deliveries of a sink, newest first, from after (older than) the one with id `before`. */
export function listDeliveries(
  db: Db,
  sinkId: number,
  { ok, before }: { ok?: boolean | undefined; before?: string | undefined },
  limit: number,
): Promise<DeliveryRow[]> {
  let query = db.selectFrom('rowhook.delivery').selectAll().where('sink_id', '=', sinkId)
  if (ok !== undefined) query = query.where('ok', '=', ok)
  if (before !== undefined) query = query.where('id', '<', before)
  return query.orderBy('id', 'desc').limit(limit).execute()
}
