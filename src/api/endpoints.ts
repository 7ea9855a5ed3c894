// /api/endpoints: where webhooks go.
import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import * as v from 'valibot'
import type { ApiEnv, ApiOptions } from './context.ts'
import { createEndpoint, removeEndpoint, rotateEndpointSecret, updateEndpoint } from './endpointChanges.ts'
import { showEndpoint } from './endpointColumns.ts'
import { operation } from './operation.ts'
import { decodeCursor, page, pageOf, pageQuery } from './page.ts'
import { assertMatch, tag } from './precondition.ts'
import { body, optionalBody, query } from './request.ts'
import {
  type EndpointInUse,
  endpointAnswer,
  endpointInUse,
  endpointInput,
  endpointPatch,
  rotateInput,
  testShown,
} from './schema/endpoint.ts'
import { nameForm } from './schema/name.ts'
import { type EndpointRow, findEndpoint, listEndpoints, sinksOf } from './store/endpoints.ts'
import { change } from './transaction.ts'

const tagName = 'Endpoints'
const hourMs = 3_600_000

export function endpointRoutes({ sql, db, config, sendTest }: ApiOptions): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()

  app.get(
    '/',
    operation({ tag: tagName, summary: 'List endpoints', answer: pageOf(endpointInUse) }),
    query(v.strictObject(pageQuery)),
    async (c) => {
      const { limit, cursor } = c.req.valid('query')
      const [after] = decodeCursor(cursor, [nameForm]) ?? []
      const { data, next_cursor } = page(await listEndpoints(db, limit + 1, after), limit, (row) => [
        row.name,
      ])
      return c.json({ data: await inUse(data), next_cursor })
    },
  )

  app.post(
    '/',
    operation({
      tag: tagName,
      summary: 'Create an endpoint',
      description: 'A signing secret that was made for it is in this answer and never shown again.',
      status: 201,
      answer: endpointAnswer,
    }),
    body(endpointInput),
    async (c) => {
      const input = c.req.valid('json')
      const made = await change(sql, c.get('actor'), (changing) =>
        createEndpoint(changing, config, randomUUID(), input),
      )
      tag(c, made.row)
      return c.json(answer(made), 201)
    },
  )

  app.get(
    '/:endpoint',
    operation({ tag: tagName, summary: 'Show an endpoint', answer: endpointInUse }),
    async (c) => {
      const row = await findEndpoint(db, c.req.param('endpoint'))
      tag(c, row)
      const [shown] = await inUse([row])
      return c.json(shown)
    },
  )

  app.patch(
    '/:endpoint',
    operation({
      tag: tagName,
      summary: 'Change an endpoint',
      description: 'Fields that are not given stay. Takes If-Match with the ETag of what you read.',
      answer: endpointAnswer,
    }),
    body(endpointPatch),
    async (c) => {
      const patch = c.req.valid('json')
      const changed = await change(sql, c.get('actor'), async (changing) => {
        const row = await findEndpoint(changing.db, c.req.param('endpoint'), { lock: true })
        assertMatch(c.req.header('if-match'), row)
        return updateEndpoint(changing, config, row, patch)
      })
      tag(c, changed.row)
      return c.json(answer(changed))
    },
  )

  app.delete(
    '/:endpoint',
    operation({
      tag: tagName,
      summary: 'Delete an endpoint',
      description: '409 while a sink uses it.',
      status: 204,
    }),
    async (c) => {
      await change(sql, c.get('actor'), async (changing) => {
        const row = await findEndpoint(changing.db, c.req.param('endpoint'), { lock: true })
        assertMatch(c.req.header('if-match'), row)
        await removeEndpoint(changing, row)
      })
      return c.body(null, 204)
    },
  )

  app.post(
    '/:endpoint/test',
    operation({ tag: tagName, summary: 'Send a signed test message', answer: testShown }),
    optionalBody(v.strictObject({})),
    async (c) => c.json(await sendTest((await findEndpoint(db, c.req.param('endpoint'))).id)),
  )

  app.post(
    '/:endpoint/rotate-secret',
    operation({
      tag: tagName,
      summary: 'Make a new signing secret',
      description: 'Until the overlap is over the former one signs too; the newest signature stands first.',
      answer: v.object({ signing_secret: v.string() }),
    }),
    optionalBody(rotateInput),
    async (c) => {
      const overlapMs = c.req.valid('json').overlap_hours * hourMs
      const { madeSecret } = await change(sql, c.get('actor'), async (changing) => {
        const row = await findEndpoint(changing.db, c.req.param('endpoint'), { lock: true })
        return rotateEndpointSecret(changing, config, row, overlapMs)
      })
      return c.json({ signing_secret: madeSecret })
    },
  )

  async function inUse(rows: readonly EndpointRow[]): Promise<EndpointInUse[]> {
    const sinks = await sinksOf(
      db,
      rows.map(({ id }) => id),
    )
    const now = new Date()
    return rows.map((row) => ({ ...showEndpoint(row, now), sinks: sinks.get(row.id) ?? [] }))
  }

  return app
}

function answer({
  row,
  madeSecret,
}: Awaited<ReturnType<typeof createEndpoint>>): v.InferOutput<typeof endpointAnswer> {
  return {
    ...showEndpoint(row, new Date()),
    ...(madeSecret === undefined ? {} : { signing_secret: madeSecret }),
  }
}
