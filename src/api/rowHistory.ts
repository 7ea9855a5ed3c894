// GET /api/tables/:table/history: what happened to one row, as far as it is retained.
import { Hono } from 'hono'
import * as v from 'valibot'
import { NotFoundError } from '../errors.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { decodeCursor, encodeCursor, pageOf, pageQuery } from './page.ts'
import { query } from './request.ts'
import { numberForm } from './schema/name.ts'
import { listRowHistory } from './store/rowHistory.ts'
import { findSourceId } from './store/sources.ts'

const changeShown = v.pipe(
  v.object({
    event_id: v.string(),
    action: v.picklist(['insert', 'update', 'delete', 'truncate']),
    key: v.string(),
    previous_key: v.pipe(v.nullable(v.string()), v.description('Where an update changed the key')),
    captured_at: v.string(),
    transaction_id: v.string(),
    annotations: v.pipe(v.nullable(v.string()), v.description("The transaction's, as text")),
    sinks: v.pipe(v.array(v.string()), v.description('Names of sinks that wanted it')),
    record: v.nullable(v.looseObject({})),
    changes: v.nullable(v.looseObject({})),
    bytes: v.pipe(v.number(), v.description('Length of record and changes')),
  }),
  v.metadata({ ref: 'RowChange' }),
)

const historyQuery = v.strictObject({
  ...pageQuery,
  max_bytes: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,9}$/, 'must be a whole number'),
      v.transform(Number),
      v.description('record and changes that are longer are null'),
    ),
  ),
  key: v.pipe(v.string(), v.maxLength(10_000), v.description('Key values of the row, joined by ":"')),
})

export function rowHistoryRoutes({ db }: Pick<ApiOptions, 'db'>): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get(
    '/:table/history',
    operation({
      tag: 'Tables',
      summary: 'Show what happened to a row, newest first',
      description:
        'Every retained change, wanted by a sink or not. An update that changed the key is in the history of both keys.',
      answer: pageOf(changeShown),
    }),
    query(historyQuery),
    async (c) => {
      const { key, limit, cursor, max_bytes: maxBytes } = c.req.valid('query')
      const [before] = decodeCursor(cursor, [numberForm]) ?? []
      const table = c.req.param('table')
      if ((await findSourceId(db, table)) === undefined)
        throw new NotFoundError(
          `no history of ${JSON.stringify(table.slice(0, 300))} is kept, and no sink has it`,
        )
      const rows = await listRowHistory(db, table, key, limit + 1, { before, maxBytes })
      const shown = rows.slice(0, limit)
      const next = rows.length > limit ? encodeCursor([shown.at(-1)!.event_id]) : null
      // By joining the raw texts: parsing a record would round what is beyond a double.
      const texts = shown.map(
        ({ record, changes, ...row }) =>
          `${JSON.stringify(row).slice(0, -1)},"record":${record ?? 'null'},"changes":${changes ?? 'null'}}`,
      )
      return c.body(`{"data":[${texts.join(',')}],"next_cursor":${JSON.stringify(next)}}`, 200, {
        'content-type': 'application/json',
      })
    },
  )
}
