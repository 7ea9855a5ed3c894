// GET /api/tables/:table/rows: a few rows, so that a person sees what a webhook would carry.
import { Hono } from 'hono'
import * as v from 'valibot'
import { findTable } from '../capture/resolve.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { lastRows } from './store/tableRows.ts'

const rowsShown = v.object({
  data: v.pipe(
    v.array(v.record(v.string(), v.nullable(v.string()))),
    v.description('Column → text form, cut to 200 characters; the last five rows in the order of the key'),
  ),
})

/** Needs the scope write, as what else shows rows of tables that no sink has: see auth.ts. */
export function tableRowRoutes({ sql }: Pick<ApiOptions, 'sql'>): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get(
    '/:table/rows',
    operation({ tag: 'Tables', summary: 'Show the last rows of a table', answer: rowsShown }),
    async (c) => {
      const { relid, name } = await findTable(sql, c.req.param('table'), 'table')
      return c.json({ data: await lastRows(sql, relid, name) })
    },
  )
}
