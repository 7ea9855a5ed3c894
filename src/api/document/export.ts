// The configuration of the database as a document. Secrets are left out, and apply keeps what a document
// does not name; so what is exported can be applied, and then changes nothing.
import type { Db } from '../../db/kysely.ts'
import { everything } from '../page.ts'
import { tablesOf } from '../sinkTables.ts'
import { showSettings } from '../sinkView.ts'
import { listEndpoints } from '../store/endpoints.ts'
import { listRetentions } from '../store/retentions.ts'
import { listSinks } from '../store/sinks.ts'

/** A document that `plan` finds nothing to do in. */
export async function exportDocument(db: Db): Promise<object> {
  const [endpoints, sinks, retentions] = await Promise.all([
    listEndpoints(db, everything),
    listSinks(db, everything),
    listRetentions(db),
  ])
  const tables = await tablesOf(
    db,
    sinks.map(({ id }) => id),
  )
  return {
    endpoints: endpoints.map(({ name, url, headers, ca_certificate, client_certificate }) => {
      return { name, url, headers, ca_certificate, client_certificate }
    }),
    sinks: sinks.map((row) =>
      showSettings(
        row,
        (tables.get(row.id) ?? []).map(({ stale_reason: _, ...table }) => table),
      ),
    ),
    retentions: retentions.map(({ table, keep, filter }) => ({ table, keep, filter })),
  }
}
