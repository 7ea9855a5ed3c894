// /api/sinks: which changes go where, and how.
import { isDeepStrictEqual } from 'node:util'
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { startBackfill } from './backfillStart.ts'
import type { Db } from '../db/kysely.ts'
import { InputError } from '../errors.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { decodeCursor, page, pageOf, pageQuery } from './page.ts'
import { assertMatch, tag } from './precondition.ts'
import { body, optionalBody, query } from './request.ts'
import { nameForm } from './schema/name.ts'
import { type SinkPatch, type SinkShown, sinkInput, sinkPatch, sinkShown } from './schema/sink.ts'
import { columnsOf, createSink, regenerateSources, removeSink, updateSink } from './sinkChanges.ts'
import { tablesOf } from './sinkTables.ts'
import { captureOf, showSink, showSinks } from './sinkView.ts'
import { firstBackfills } from './store/firstBackfills.ts'
import { type SinkRow, assertNameFree, findSink, listSinks } from './store/sinks.ts'
import { change } from './transaction.ts'
import { withinAsync } from './within.ts'
import { type PreparedTables, forgetSources, forgetTables, prepareTables } from './triggers.ts'

const tagName = 'Sinks'

export function sinkRoutes(options: ApiOptions): Hono<ApiEnv> {
  const { sql, db } = options
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
      // Before any trigger is placed, as far as that is possible.
      await assertNameFree(db, input.name)
      await columnsOf(db, input)
      const tables = await prepareTables(options, input.tables)
      try {
        const made = await change(sql, c.get('actor'), async (changing) => {
          const made = await createSink(changing, input, tables)
          await regenerateSources(changing, made.sourceIds)
          if (backfill !== null)
            await withinAsync('backfill', () => startBackfill(changing, made.row, backfill))
          return answered(changing.db, made.row, { capture: true })
        })
        return answer(c, made, 201)
      } catch (error) {
        await forgetTables(options, tables)
        throw error
      }
    },
  )

  app.get('/:sink', operation({ tag: tagName, summary: 'Show a sink', answer: sinkShown }), async (c) =>
    answer(c, await answered(db, await findSink(db, c.req.param('sink')))),
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
      await forgetSources(options, sourceIds)
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
  ): Promise<Answered> {
    const current = await findSink(db, reference)
    assertMatch(c.req.header('if-match'), current)
    const tables = await tablesToSave(current, wanted, action)
    try {
      const { done, sourceIds } = await change(sql, c.get('actor'), async (changing) => {
        const row = await findSink(changing.db, current.uid, { lock: true })
        assertMatch(c.req.header('if-match'), row)
        await refuseBackfill(changing.db, row, wanted)
        const changed = await updateSink(changing, row, wanted, tables, action)
        await regenerateSources(changing, changed.sourceIds)
        const done = await answered(changing.db, changed.row, { capture: tables !== undefined })
        return { done, sourceIds: changed.sourceIds }
      })
      await forgetSources(options, sourceIds)
      return done
    } catch (error) {
      if (tables !== undefined) await forgetTables(options, tables)
      throw error
    }
  }

  /** What is to be saved of tables; undefined: they stay as they are. */
  async function tablesToSave(
    row: SinkRow,
    wanted: SinkPatch,
    action?: string,
  ): Promise<PreparedTables | undefined> {
    if (wanted.tables !== undefined) return prepareTables(options, wanted.tables)
    // Saving a sink takes up a table again that was dropped and made anew; pausing it does not.
    const stored = (await tablesOf(db, [row.id])).get(row.id) ?? []
    if (action !== undefined || stored.every(({ stale_reason }) => stale_reason === undefined))
      return undefined
    try {
      return await prepareTables(options, stored)
    } catch (error) {
      // It is still gone, or its filter needs an edit: then this change is about something else.
      if (error instanceof InputError) return undefined
      throw error
    }
  }

  return app
}

/** What is shown may come back with an edit, and starts nothing anew. */
async function refuseBackfill(db: Db, row: SinkRow, { backfill }: SinkPatch): Promise<void> {
  if (backfill === undefined || backfill === null) return
  if (isDeepStrictEqual(backfill, (await firstBackfills(db, [row.id])).get(row.id))) return
  const message = `is carried out for a sink when it is made; start one with POST /api/sinks/${row.name}/backfills`
  throw new InputError([{ path: 'backfill', message }])
}

interface Answered {
  row: SinkRow
  shown: SinkShown
}

/** Read in the transaction of the change, so that nothing is done when it cannot be answered. */
async function answered(db: Db, row: SinkRow, { capture = false } = {}): Promise<Answered> {
  const shown = await showSink(db, row)
  return { row, shown: capture ? { ...shown, capture: await captureOf(db, row.id) } : shown }
}

function answer(c: Context<ApiEnv>, { row, shown }: Answered, status: 200 | 201 = 200): Response {
  tag(c, row)
  return c.json(shown, status)
}
