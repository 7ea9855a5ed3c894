// /api/tokens: who may use the API. Only the scope admin reaches these routes.
import { Hono } from 'hono'
import * as v from 'valibot'
import { NotFoundError } from '../errors.ts'
import { type ApiEnv, type ApiOptions, scopes } from './context.ts'
import { operation } from './operation.ts'
import { decodeCursor, page, pageOf, pageQuery } from './page.ts'
import { body, query } from './request.ts'
import { name, nameForm, uuidForm } from './schema/name.ts'
import { timestamp } from './schema/timestamp.ts'
import { type Token, createToken, listTokens, revokeToken } from './store/tokens.ts'
import { change } from './transaction.ts'

const tokenInput = v.strictObject({
  name,
  scopes: v.pipe(
    v.array(v.picklist(scopes)),
    v.nonEmpty(),
    v.description('read: look; write: also change; admin: also tokens and the audit log'),
  ),
  expires_at: v.optional(
    v.nullable(
      v.pipe(
        timestamp,
        v.check((at) => at > new Date(), 'must lie in the future'),
      ),
    ),
    null,
  ),
})

const tokenShown = v.pipe(
  v.object({
    id: v.string(),
    name: v.string(),
    scopes: v.array(v.picklist(scopes)),
    expires_at: v.nullable(v.string()),
    last_used_at: v.nullable(v.string()),
    revoked_at: v.nullable(v.string()),
    created_at: v.string(),
  }),
  v.metadata({ ref: 'Token' }),
)

const tokenMade = v.object({
  ...tokenShown.pipe[0].entries,
  token: v.pipe(v.string(), v.description('Shown this once')),
})

export function tokenRoutes({ sql, db }: Pick<ApiOptions, 'sql' | 'db'>): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()

  app.get(
    '/',
    operation({ tag: 'Tokens', summary: 'List tokens', answer: pageOf(tokenShown) }),
    query(v.strictObject(pageQuery)),
    async (c) => {
      const { limit, cursor } = c.req.valid('query')
      const [after, id] = decodeCursor(cursor, [nameForm, uuidForm]) ?? []
      const rows = await listTokens(db, limit + 1, id === undefined ? undefined : { name: after!, id })
      const { data, next_cursor } = page(rows, limit, (row) => [row.name, row.id])
      return c.json({ data: data.map(show), next_cursor })
    },
  )

  app.post(
    '/',
    operation({
      tag: 'Tokens',
      summary: 'Make a token',
      description: 'The token is in this answer and never shown again.',
      status: 201,
      answer: tokenMade,
    }),
    body(tokenInput),
    async (c) => {
      const { name, scopes, expires_at: expiresAt } = c.req.valid('json')
      const { row, token } = await change(sql, c.get('actor'), async ({ db, audit }) => {
        const made = await createToken(db, { name, scopes, expiresAt })
        await audit({
          action: 'token.create',
          resource: `token:${name}`,
          before: null,
          after: show(made.row),
        })
        return made
      })
      return c.json({ ...show(row), token }, 201)
    },
  )

  app.delete(
    '/:token',
    operation({
      tag: 'Tokens',
      summary: 'Revoke a token',
      description: 'It stays in the list, with the time of its revocation.',
      status: 204,
    }),
    async (c) => {
      await change(sql, c.get('actor'), async ({ db, audit }) => {
        const row = await revokeToken(db, c.req.param('token'), new Date())
        if (row === undefined) throw new NotFoundError('there is no such token that could still be revoked')
        await audit({
          action: 'token.revoke',
          resource: `token:${row.name}`,
          before: { ...show(row), revoked_at: null },
          after: show(row),
        })
      })
      return c.body(null, 204)
    },
  )

  return app
}

function show(row: Token): v.InferOutput<typeof tokenShown> {
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes,
    expires_at: row.expires_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  }
}
