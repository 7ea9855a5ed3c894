// GET /api/audit: every change that was made through the API, newest first.
import { Hono } from 'hono'
import * as v from 'valibot'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { decodeCursor, page, pageOf, pageQuery } from './page.ts'
import { query } from './request.ts'
import { numberForm } from './schema/name.ts'
import { timestampText } from './schema/timestamp.ts'
import { listAudit } from './store/audit.ts'

const auditShown = v.pipe(
  v.object({
    id: v.string(),
    at: v.string(),
    actor: v.pipe(v.string(), v.description('root, or token: and its name')),
    action: v.pipe(v.string(), v.description('Such as sink.create')),
    resource: v.pipe(v.string(), v.description('Such as sink:orders')),
    before: v.pipe(v.nullable(v.looseObject({})), v.description('null: it was made; secrets are masked')),
    after: v.pipe(v.nullable(v.looseObject({})), v.description('null: it was deleted')),
  }),
  v.metadata({ ref: 'AuditEntry' }),
)

const auditQuery = v.strictObject({
  ...pageQuery,
  actor: v.optional(v.pipe(v.string(), v.description('root, or token: and its name'))),
  action: v.optional(v.pipe(v.string(), v.description('Such as sink.create, or sink for all that begin so'))),
  resource: v.optional(v.pipe(v.string(), v.description('Such as sink:orders'))),
  since: v.optional(v.pipe(timestampText, v.description('Made at or after'))),
  until: v.optional(v.pipe(timestampText, v.description('Made before'))),
})

export function auditRoutes({ db }: Pick<ApiOptions, 'db'>): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get(
    '/',
    operation({ tag: 'Audit', summary: 'List changes, newest first', answer: pageOf(auditShown) }),
    query(auditQuery),
    async (c) => {
      const { limit, cursor, ...filters } = c.req.valid('query')
      const [after] = decodeCursor(cursor, [numberForm]) ?? []
      const { data, next_cursor } = page(await listAudit(db, limit + 1, filters, after), limit, (row) => [
        row.id,
      ])
      return c.json({ data: data.map((row) => ({ ...row, at: row.at.toISOString() })), next_cursor })
    },
  )
}
