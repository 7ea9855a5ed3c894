// /api/sinks/:sink/messages: every change that the sink wants, and what became of it.
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { ConflictError, NotFoundError } from '../errors.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { decodeCursor, encodeCursor, pageOf, pageQuery } from './page.ts'
import { body, optionalBody, query } from './request.ts'
import { isEventId, numberForm } from './schema/name.ts'
import { timestampText } from './schema/timestamp.ts'
import {
  type MessageRow,
  commandMessages,
  findMessage,
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
  }),
  v.metadata({ ref: 'Message' }),
)

const messageQuery = v.strictObject({
  ...pageQuery,
  state: v.optional(v.picklist(messageStates)),
  table: v.optional(v.string()),
  group: v.optional(v.pipe(v.string(), v.description('Key values, joined by ":"'))),
  since: v.optional(v.pipe(timestampText, v.description('Captured at or after'))),
  until: v.optional(v.pipe(timestampText, v.description('Captured before'))),
})

const bulkInput = v.strictObject({ state: v.picklist(messageStates) })
const counted = v.object({ count: v.number() })

const commands = {
  redeliver: { one: 'Send a message again', all: 'Send all messages of a state again' },
  discard: { one: 'Drop a message', all: 'Drop all messages of a state' },
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
      const { limit, cursor, state, table, group, since, until } = c.req.valid('query')
      const [before] = decodeCursor(cursor, [numberForm]) ?? []
      const sink = await findSink(db, c.req.param('sink'))
      const sourceId = table === undefined ? undefined : await findSourceId(db, table)
      const nothing = table !== undefined && sourceId === undefined
      const filter = { state, sourceId, group, since, until, before }
      const rows = nothing ? [] : await listMessages(db, sink.id, filter, limit + 1)
      const shown = rows.slice(0, limit)
      const next = rows.length > limit ? encodeCursor([shown.at(-1)!.event_id]) : null
      return json(c, `{"data":[${(await print(shown)).join(',')}],"next_cursor":${JSON.stringify(next)}}`)
    },
  )

  app.get(
    '/:sink/messages/:event_id',
    operation({ tag, summary: 'Show a message', answer: messageShown }),
    async (c) => {
      const sink = await findSink(db, c.req.param('sink'))
      const [text] = await print([await messageOf(sink, c.req.param('event_id'))])
      return json(c, text!)
    },
  )

  for (const command of Object.keys(commands) as Command[]) {
    app.post(
      `/:sink/messages/${command}`,
      operation({ tag, summary: commands[command].all, answer: counted }),
      body(bulkInput),
      async (c) => {
        const { state } = c.req.valid('json')
        const sink = await findSink(db, c.req.param('sink'))
        // Asked for again because the first answer got lost: it is done.
        if (command === 'discard' && state === 'discarded') return c.json({ count: 0 })
        const count = await change(sql, c.get('actor'), async ({ db, audit }) => {
          const count = await withinAsync('state', () => commandMessages(db, command, sink.id, { state }))
          await audit({
            action: `messages.${command}`,
            resource: `sink:${sink.name}`,
            before: null,
            after: { state, count },
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
        const { event_id, state } = await messageOf(sink, c.req.param('event_id'))
        const count = await change(sql, c.get('actor'), async ({ db, audit }) => {
          const count = await commandMessages(db, command, sink.id, { eventIds: [event_id] })
          if (count === 0)
            throw new ConflictError(`a message that is ${state} cannot be ${participles[command]}`)
          await audit({
            action: `messages.${command}`,
            resource: `sink:${sink.name}`,
            before: null,
            after: { event_id, count },
          })
          return count
        })
        return c.json({ count })
      },
    )
  }

  async function messageOf(sink: SinkRow, eventId: string): Promise<MessageRow> {
    const row = isEventId(eventId) ? await findMessage(db, sink.id, eventId) : undefined
    if (row === undefined) throw new NotFoundError(`sink ${sink.name} has no message with this event id`)
    return row
  }

  /** JSON by joining the raw texts: parsing a record would round what is beyond a double. */
  async function print(rows: readonly MessageRow[]): Promise<string[]> {
    const names = await sourceNames(
      db,
      rows.map(({ source_id }) => source_id),
    )
    return rows.map(({ source_id, record, changes, ...row }) => {
      const { event_id, state, action, group, ...rest } = row
      const head = JSON.stringify({ event_id, state, table: names.get(source_id) ?? null, action, group })
      return `${head.slice(0, -1)},"record":${record ?? 'null'},"changes":${changes ?? 'null'},${JSON.stringify(rest).slice(1)}`
    })
  }

  return app
}

function json(c: Context, text: string): Response {
  return c.body(text, 200, { 'content-type': 'application/json' })
}
