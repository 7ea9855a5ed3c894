// /api/tables: tables that could be a source, and how long their history is kept.
import { Hono } from 'hono'
import * as v from 'valibot'
import { describeTables } from '../capture/tables.ts'
import { NotFoundError } from '../errors.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { decodeCursor, page, pageOf, pageQuery } from './page.ts'
import { body, query } from './request.ts'
import { dropRetention, prepareRetention, setRetention } from './retentionChanges.ts'
import { retentionInput } from './schema/retention.ts'
import { findRetention } from './store/retentions.ts'
import { change } from './transaction.ts'
import { forgetSources, forgetTables } from './triggers.ts'

const tag = 'Tables'

const retention = v.object({ keep: v.string(), filter: v.unknown() })

const tableShown = v.pipe(
  v.object({
    name: v.pipe(v.string(), v.description('What a sink calls it')),
    schema: v.string(),
    table: v.string(),
    columns: v.array(v.object({ name: v.string(), type: v.string(), nullable: v.boolean() })),
    primary_key: v.array(v.string()),
    partitions: v.array(v.string()),
    captured: v.boolean(),
    sinks: v.array(v.string()),
    retention: v.nullable(retention),
    refusal: v.pipe(v.nullable(v.string()), v.description('Why it cannot be captured; null: it can')),
  }),
  v.metadata({ ref: 'Table' }),
)

const retentionShown = v.object({ table: v.string(), ...retention.entries })

export function tableRoutes(options: ApiOptions): Hono<ApiEnv> {
  const { sql } = options
  const app = new Hono<ApiEnv>()

  app.get(
    '/',
    operation({ tag, summary: 'List tables that could be a source', answer: pageOf(tableShown) }),
    query(v.strictObject(pageQuery)),
    async (c) => {
      const { limit, cursor } = c.req.valid('query')
      const [after] = decodeCursor(cursor, [/^.+$/su]) ?? []
      const rows = await describeTables(sql, { limit: limit + 1, ...(after === undefined ? {} : { after }) })
      return c.json(page(rows, limit, (row) => [row.name]))
    },
  )

  app.put(
    '/:table/retention',
    operation({
      tag,
      summary: 'Keep the history of a table',
      description:
        'Every change, wanted by a sink or not; without this, changes are kept for a day at least.',
      answer: retentionShown,
    }),
    body(retentionInput),
    async (c) => {
      const name = c.req.param('table')
      const [table] = await sql`select rowhook.find_table(${name}) as found`
      if (table!['found'] === null) throw new NotFoundError(`there is no table ${name.slice(0, 300)}`)
      const prepared = await prepareRetention(options, name, c.req.valid('json'))
      try {
        const { table, keep, filter } = await change(sql, c.get('actor'), (changing) =>
          setRetention(changing, prepared),
        )
        return c.json({ table, keep, filter })
      } catch (error) {
        await forgetTables(options, [prepared.table])
        throw error
      }
    },
  )

  app.delete(
    '/:table/retention',
    operation({ tag, summary: 'No longer keep the history of a table', status: 204 }),
    async (c) => {
      const name = c.req.param('table')
      const sourceId = await change(sql, c.get('actor'), async (changing) => {
        const row = await findRetention(changing.db, name)
        if (row === undefined)
          throw new NotFoundError(`no history of ${JSON.stringify(name.slice(0, 300))} is kept`)
        await dropRetention(changing, row)
        return row.source_id
      })
      await forgetSources(options, [sourceId])
      return c.body(null, 204)
    },
  )

  return app
}
