// Rows of rowhook.delivery, one per HTTP request. Written by the dispatcher; only read here.
import { type Selectable, sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'
import type { DeliveryTable } from '../../db/tables.ts'

export type DeliveryRow = Selectable<DeliveryTable>

/** How many requests are searched for a message: no index leads from it to them. */
export const searchedDeliveries = 20_000

/** Deliveries of a sink, newest first, from after (older than) the one with id `before`. */
export function listDeliveries(
  db: Db,
  sinkId: number,
  {
    ok,
    before,
    eventId,
  }: { ok?: boolean | undefined; before?: string | undefined; eventId?: string | undefined },
  limit: number,
): Promise<DeliveryRow[]> {
  let query = db.selectFrom('rowhook.delivery').selectAll().where('sink_id', '=', sinkId)
  if (eventId !== undefined) {
    query = query.where(sql<boolean>`event_ids @> array[${eventId}::bigint]`).where(
      sql<boolean>`id > coalesce((select d.id from rowhook.delivery d where d.sink_id = ${sinkId}
          order by d.id desc offset ${searchedDeliveries} limit 1), 0)`,
    )
  }
  if (ok !== undefined) query = query.where('ok', '=', ok)
  if (before !== undefined) query = query.where('id', '<', before)
  return query.orderBy('id', 'desc').limit(limit).execute()
}
