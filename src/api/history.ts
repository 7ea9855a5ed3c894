// /api/sinks/:sink/backfills and /replays: the verbs that both have. How each is started is in
// backfillStart.ts and replayStart.ts.
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { countBackfill, startBackfill } from './backfillStart.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { decodeCursor, page, pageOf, pageQuery } from './page.ts'
import { prepareReplay, startReplay } from './replayStart.ts'
import { body, optionalBody, query } from './request.ts'
import {
  backfillCounted,
  backfillRequest,
  backfillShown,
  replayCounted,
  replayInput,
  replayShown,
} from './schema/history.ts'
import { timeForm, uuidForm } from './schema/name.ts'
import {
  type HistoryKind,
  type WantedState,
  countReplay,
  findHistory,
  listHistory,
  setHistoryState,
} from './store/history.ts'
import { findSink } from './store/sinks.ts'
import { change } from './transaction.ts'

const verbs: Record<string, WantedState> = { pause: 'paused', resume: 'active', cancel: 'cancelled' }
const tags: Record<HistoryKind, string> = { backfill: 'Backfills', replay: 'Replays' }
const shown = { backfill: backfillShown, replay: replayShown }

export function historyRoutes({ sql, db }: Pick<ApiOptions, 'sql' | 'db'>): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()

  app.post(
    '/:sink/backfills',
    operation({
      tag: tags.backfill,
      summary: 'Start a backfill',
      description:
        'Sends the rows that are there now, each in its place between the changes before and after. ' +
        'With dry_run it only counts them.',
      status: 201,
      answer: v.union([backfillShown, backfillCounted]),
    }),
    body(backfillRequest),
    async (c) => {
      const sink = await findSink(db, c.req.param('sink'))
      const { dry_run, ...input } = c.req.valid('json')
      if (dry_run) return c.json({ dry_run, rows_total: await countBackfill(sql, sink, input) })
      const id = await change(sql, c.get('actor'), (changing) => startBackfill(changing, sink, input))
      return c.json(await findHistory(db, 'backfill', sink.id, id), 201)
    },
  )

  app.post(
    '/:sink/replays',
    operation({
      tag: tags.replay,
      summary: 'Start a replay',
      description:
        "Sends changes of the past again, beside the live ones. The sink's own tables and filters apply. " +
        'With dry_run it only counts them.',
      status: 201,
      answer: v.union([replayShown, replayCounted]),
    }),
    body(replayInput),
    async (c) => {
      const sink = await findSink(db, c.req.param('sink'))
      const { dry_run, ...input } = c.req.valid('json')
      const prepared = await prepareReplay(sql, db, sink, input)
      if (dry_run) return c.json({ dry_run, rows_total: await countReplay(db, sink.id, prepared) })
      const id = await change(sql, c.get('actor'), (changing) => startReplay(changing, sink, prepared))
      return c.json(await findHistory(db, 'replay', sink.id, id), 201)
    },
  )

  for (const kind of ['backfill', 'replay'] as const) {
    app.get(
      `/:sink/${kind}s`,
      operation({ tag: tags[kind], summary: `List ${kind}s, newest first`, answer: pageOf(shown[kind]) }),
      query(v.strictObject(pageQuery)),
      async (c) => {
        const { limit, cursor } = c.req.valid('query')
        const [createdAt, id] = decodeCursor(cursor, [timeForm, uuidForm]) ?? []
        const after = id === undefined ? undefined : { createdAt: createdAt!, id }
        const sink = await findSink(db, c.req.param('sink')!)
        const rows = await listHistory(db, kind, sink.id, limit + 1, after)
        return c.json(page(rows, limit, (row) => [row.created_at, row.id]))
      },
    )

    app.get(
      `/:sink/${kind}s/:id`,
      operation({ tag: tags[kind], summary: `Show a ${kind}`, answer: shown[kind] }),
      async (c) => {
        const sink = await findSink(db, c.req.param('sink')!)
        return c.json(await findHistory(db, kind, sink.id, c.req.param('id')!))
      },
    )

    for (const verb of Object.keys(verbs)) {
      app.post(
        `/:sink/${kind}s/:id/${verb}`,
        operation({
          tag: tags[kind],
          summary: `${verb[0]!.toUpperCase()}${verb.slice(1)} a ${kind}`,
          answer: shown[kind],
        }),
        optionalBody(v.strictObject({})),
        (c) => move(c, kind, verb),
      )
    }
  }

  async function move(c: Context<ApiEnv>, kind: HistoryKind, verb: string): Promise<Response> {
    const sink = await findSink(db, c.req.param('sink')!)
    const before = await findHistory(db, kind, sink.id, c.req.param('id')!)
    const after = await change(sql, c.get('actor'), async ({ db, audit }) => {
      await setHistoryState(db, kind, before.id, verbs[verb]!)
      const after = await findHistory(db, kind, sink.id, before.id)
      const { id, state } = after
      await audit({
        action: `${kind}.${verb}`,
        resource: `sink:${sink.name}`,
        before: { id, state: before.state },
        after: { id, state },
      })
      return after
    })
    return c.json(after)
  }

  return app
}
