// /api/sinks/:sink/messages: every change that the sink wants, and what became of it.
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import type { Db } from '../db/kysely.ts'
import { ConflictError, NotFoundError } from '../errors.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { decodeCursor, encodeCursor, pageOf, pageQuery } from './page.ts'
import { body, optionalBody, query } from './request.ts'
import { isEventId, numberForm } from './schema/name.ts'
import { timestampText } from './schema/timestamp.ts'
import {
  type MessageRow,
  type MessageState,
  commandMessages,
  findMessage,
  listMessageIds,
  listMessages,
  messageStates,
} from './store/messages.ts'
import { type SinkRow, findSink } from './store/sinks.ts'
import { findSourceId, sourceNames } from './store/sources.ts'
import { change } from './transaction.ts'
import { withinAsync } from './within.ts'

const tag = 'Messages'

const messageShown = v.pipe(
  v.object({
    event_id: v.string(),
    state: v.picklist(messageStates),
    table: v.string(),
    action: v.string(),
    group: v.pipe(v.nullable(v.string()), v.description('Key values, joined by ":"')),
    record: v.nullable(v.looseObject({})),
    changes: v.nullable(v.looseObject({})),
    captured_at: v.string(),
    attempts: v.number(),
    next_attempt_at: v.nullable(v.string()),
    last_error: v.nullable(v.string()),
    webhook_id: v.nullable(v.string()),
    cut: v.optional(
      v.pipe(
        v.object({ bytes: v.number(), beginning: v.string() }),
        v.description('Only where max_bytes was given and the message is longer'),
      ),
    ),
  }),
  v.metadata({ ref: 'Message' }),
)

const maxBytes = {
  max_bytes: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,9}$/, 'must be a whole number'),
      v.transform(Number),
      v.description(
        'Of a message whose record and changes are longer, both are null, and cut has the length and the first characters',
      ),
    ),
  ),
}

const messageQuery = v.strictObject({
  ...pageQuery,
  ...maxBytes,
  state: v.optional(v.picklist(messageStates)),
  table: v.optional(v.string()),
  group: v.optional(v.pipe(v.string(), v.description('Key values, joined by ":"'))),
  since: v.optional(v.pipe(timestampText, v.description('Captured at or after'))),
  until: v.optional(v.pipe(timestampText, v.description('Captured before'))),
})

const bulkInput = v.strictObject({
  state: v.picklist(messageStates),
  table: messageQuery.entries.table,
  group: messageQuery.entries.group,
  since: messageQuery.entries.since,
  until: messageQuery.entries.until,
})
const counted = v.object({ count: v.number() })

const commands = {
  redeliver: { one: 'Send a message again', all: 'Send messages of a state again' },
  discard: { one: 'Drop a message', all: 'Drop messages of a state' },
} as const
type Command = keyof typeof commands
const participles: Record<Command, string> = { redeliver: 'redelivered', discard: 'discarded' }

export function messageRoutes({ sql, db }: Pick<ApiOptions, 'sql' | 'db'>): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()

  app.get(
    '/:sink/messages',
    operation({ tag, summary: 'List messages, newest first', answer: pageOf(messageShown) }),
    query(messageQuery),
    async (c) => {
      const { limit, cursor, max_bytes, state, table, group, since, until } = c.req.valid('query')
      const [before] = decodeCursor(cursor, [numberForm]) ?? []
      const sink = await findSink(db, c.req.param('sink'))
      const sourceId = table === undefined ? undefined : await findSourceId(db, table)
      const nothing = table !== undefined && sourceId === undefined
      const filter = { state, sourceId, group, since, until, before }
      const rows = nothing ? [] : await listMessages(db, sink.id, filter, limit + 1, max_bytes)
      const shown = rows.slice(0, limit)
      const next = rows.length > limit ? encodeCursor([shown.at(-1)!.event_id]) : null
      return json(c, `{"data":[${(await print(shown)).join(',')}],"next_cursor":${JSON.stringify(next)}}`)
    },
  )

  app.get(
    '/:sink/messages/:event_id',
    operation({ tag, summary: 'Show a message', answer: messageShown }),
    query(v.strictObject(maxBytes)),
    async (c) => {
      const sink = await findSink(db, c.req.param('sink'))
      const row = await messageOf(sink, c.req.param('event_id'), c.req.valid('query').max_bytes)
      const [text] = await print([row])
      return json(c, text!)
    },
  )

  for (const command of Object.keys(commands) as Command[]) {
    app.post(
      `/:sink/messages/${command}`,
      operation({
        tag,
        summary: commands[command].all,
        description: 'All of them, or those that match the other fields as well.',
        answer: counted,
      }),
      body(bulkInput),
      async (c) => {
        const { state, ...narrowing } = c.req.valid('json')
        const sink = await findSink(db, c.req.param('sink'))
        // Asked for again because the first answer got lost: it is done.
        if (command === 'discard' && state === 'discarded') return c.json({ count: 0 })
        const count = await change(sql, c.get('actor'), async ({ db, audit }) => {
          const eventIds = await idsOf(db, sink.id, state, narrowing)
          const count = await withinAsync('state', () =>
            commandMessages(db, command, sink.id, { state, eventIds }),
          )
          await audit({
            action: `messages.${command}`,
            resource: `sink:${sink.name}`,
            before: null,
            after: { state, ...narrowing, count },
          })
          return count
        })
        return c.json({ count })
      },
    )
    app.post(
      `/:sink/messages/:event_id/${command}`,
      operation({ tag, summary: commands[command].one, answer: counted }),
      optionalBody(v.strictObject({})),
      async (c) => {
        const sink = await findSink(db, c.req.param('sink'))
        const { event_id } = await messageOf(sink, c.req.param('event_id'))
        const count = await change(sql, c.get('actor'), async ({ db, audit }) => {
          const count = await commandMessages(db, command, sink.id, { eventIds: [event_id] })
          if (count === 0) return 0
          await audit({
            action: `messages.${command}`,
            resource: `sink:${sink.name}`,
            before: null,
            after: { event_id, count },
          })
          return count
        })
        if (count === 0) {
          // its state of now: a dispatcher may have moved it since it was asked for
          const { state } = await messageOf(sink, event_id)
          const isDone = command === 'discard' && state === 'discarded'
          if (!isDone) throw new ConflictError(`a message that is ${state} cannot be ${participles[command]}`)
        }
        return c.json({ count })
      },
    )
  }

  /** Which messages are meant where the state alone does not say it. */
  async function idsOf(
    db: Db,
    sinkId: number,
    state: MessageState,
    { table, group, since, until }: { [name in 'table' | 'group' | 'since' | 'until']?: string | undefined },
  ): Promise<string[] | undefined> {
    if ([table, group, since, until].every((each) => each === undefined)) return undefined
    const sourceId = table === undefined ? undefined : await findSourceId(db, table)
    if (table !== undefined && sourceId === undefined) return []
    return listMessageIds(db, sinkId, { state, sourceId, group, since, until })
  }

  async function messageOf(sink: SinkRow, eventId: string, maxBytes?: number): Promise<MessageRow> {
    const row = isEventId(eventId) ? await findMessage(db, sink.id, eventId, maxBytes) : undefined
    if (row === undefined) throw new NotFoundError(`sink ${sink.name} has no message with this event id`)
    return row
  }

  /** JSON by joining the raw texts: parsing a record would round what is beyond a double. */
  async function print(rows: readonly MessageRow[]): Promise<string[]> {
    const names = await sourceNames(
      db,
      rows.map(({ source_id }) => source_id),
    )
    return rows.map(({ source_id, record, changes, bytes, beginning, ...row }) => {
      const { event_id, state, action, group, ...rest } = row
      const head = JSON.stringify({ event_id, state, table: names.get(source_id) ?? null, action, group })
      const tail = JSON.stringify(beginning === null ? rest : { ...rest, cut: { bytes, beginning } })
      return `${head.slice(0, -1)},"record":${record ?? 'null'},"changes":${changes ?? 'null'},${tail.slice(1)}`
    })
  }

  return app
}

function json(c: Context, text: string): Response {
  return c.body(text, 200, { 'content-type': 'application/json' })
}
