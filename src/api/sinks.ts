// /api/sinks: which changes go where, and how.
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { startBackfill } from './backfillStart.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { decodeCursor, page, pageOf, pageQuery } from './page.ts'
import { assertMatch, tag } from './precondition.ts'
import { body, optionalBody, query } from './request.ts'
import { nameForm } from './schema/name.ts'
import { type SinkPatch, sinkInput, sinkPatch, sinkShown } from './schema/sink.ts'
import {
  createSink,
  forgetTables,
  prepareTables,
  regenerateSources,
  removeSink,
  updateSink,
} from './sinkChanges.ts'
import { showSink, showSinks } from './sinkView.ts'
import { type SinkRow, assertNameFree, findSink, listSinks } from './store/sinks.ts'
import { change } from './transaction.ts'

const tagName = 'Sinks'

export function sinkRoutes({ sql, db }: Pick<ApiOptions, 'sql' | 'db'>): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()

  app.get(
    '/',
    operation({ tag: tagName, summary: 'List sinks with their numbers', answer: pageOf(sinkShown) }),
    query(v.strictObject(pageQuery)),
    async (c) => {
      const { limit, cursor } = c.req.valid('query')
      const [after] = decodeCursor(cursor, [nameForm]) ?? []
      const { data, next_cursor } = page(await listSinks(db, limit + 1, after), limit, (row) => [row.name])
      return c.json({ data: await showSinks(db, data), next_cursor })
    },
  )

  app.post(
    '/',
    operation({
      tag: tagName,
      summary: 'Create a sink',
      description:
        'Places triggers on its tables (a short SHARE ROW EXCLUSIVE lock on each, retried under a ' +
        'lock_timeout) and captures from the commit on. When it fails, nothing is left behind.',
      status: 201,
      answer: sinkShown,
    }),
    body(sinkInput),
    async (c) => {
      const { backfill, ...input } = c.req.valid('json')
      await assertNameFree(db, input.name)
      const tables = await prepareTables(sql, input.tables)
      try {
        const row = await change(sql, c.get('actor'), async (changing) => {
          const made = await createSink(changing, input, tables)
          await regenerateSources(changing, made.sourceIds)
          if (backfill !== null) await startBackfill(changing, made.row, backfill, 'backfill.tables')
          return made.row
        })
        return await answer(c, row, 201)
      } catch (error) {
        await forgetTables(sql, tables)
        throw error
      }
    },
  )

  app.get('/:sink', operation({ tag: tagName, summary: 'Show a sink', answer: sinkShown }), async (c) =>
    answer(c, await findSink(db, c.req.param('sink'))),
  )

  app.patch(
    '/:sink',
    operation({
      tag: tagName,
      summary: 'Change a sink',
      description:
        'Fields that are not given stay; tables are replaced whole. Takes If-Match with the ETag of what you read.',
      answer: sinkShown,
    }),
    body(sinkPatch),
    async (c) => answer(c, await patch(c, c.req.param('sink'), c.req.valid('json'))),
  )

  app.delete(
    '/:sink',
    operation({
      tag: tagName,
      summary: 'Delete a sink',
      description: 'With its messages, deliveries and backfills.',
      status: 204,
    }),
    async (c) => {
      const sourceIds = await change(sql, c.get('actor'), async (changing) => {
        const row = await findSink(changing.db, c.req.param('sink'), { lock: true })
        assertMatch(c.req.header('if-match'), row)
        const ids = await removeSink(changing, row)
        await regenerateSources(changing, ids)
        return ids
      })
      await forgetTables(sql, sourceIds)
      return c.body(null, 204)
    },
  )

  app.post(
    '/:sink/pause',
    operation({
      tag: tagName,
      summary: 'Pause a sink',
      description: 'Changes are kept and wait; requests in flight finish.',
      answer: sinkShown,
    }),
    optionalBody(v.strictObject({})),
    async (c) => answer(c, await patch(c, c.req.param('sink'), { status: 'paused' }, 'sink.pause')),
  )

  app.post(
    '/:sink/resume',
    operation({ tag: tagName, summary: 'Resume a sink', answer: sinkShown }),
    optionalBody(v.strictObject({})),
    async (c) => answer(c, await patch(c, c.req.param('sink'), { status: 'active' }, 'sink.resume')),
  )

  async function patch(
    c: Context<ApiEnv>,
    reference: string,
    wanted: SinkPatch,
    action?: string,
  ): Promise<SinkRow> {
    const current = await findSink(db, reference)
    assertMatch(c.req.header('if-match'), current)
    const tables = wanted.tables === undefined ? undefined : await prepareTables(sql, wanted.tables)
    let sourceIds: number[] = []
    try {
      return await change(sql, c.get('actor'), async (changing) => {
        const row = await findSink(changing.db, current.uid, { lock: true })
        assertMatch(c.req.header('if-match'), row)
        const changed = await updateSink(changing, row, wanted, tables, action)
        sourceIds = changed.sourceIds
        await regenerateSources(changing, sourceIds)
        return changed.row
      })
    } finally {
      // Tables that the sink has left; or, after a failure, those that it was to get.
      if (tables !== undefined) await forgetTables(sql, sourceIds)
    }
  }

  async function answer(c: Context<ApiEnv>, row: SinkRow, status: 200 | 201 = 200): Promise<Response> {
    tag(c, row)
    return c.json(await showSink(db, row), status)
  }

  return app
}
