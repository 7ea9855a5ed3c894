// POST /api/sinks/:sink/listen: a sink's requests as a stream of JSON lines, for as long as the caller
// stays, and the routes by which they are answered. Needs a dispatcher in this process.
//
//   → {"type":"ready","listener","sink","status","timeout_ms"}   once, at the beginning
//   → {"type":"request","id","path","headers","body","timeout_ms"}
//   → {"type":"ping"}                                            when nothing else was sent for a while
//   → {"type":"end","reason"}                                    the last line
//   ← POST …/listen/:listener/answers/:id   {"status","headers","body"} or {"error"}
//   ← DELETE …/listen/:listener             no further requests; those under way may still be answered
import { Hono } from 'hono'
import * as v from 'valibot'
import { ConflictError, NotFoundError } from '../errors.ts'
import type { ListenSession } from '../schedule/listening.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { body, optionalBody } from './request.ts'
import { findSink } from './store/sinks.ts'
import { change } from './transaction.ts'

const tag = 'Listening'
const pingMs = 10_000

const answerInput = v.union([
  v.strictObject({
    status: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)),
    headers: v.optional(
      v.strictObject({
        'retry-after': v.optional(v.pipe(v.string(), v.maxLength(100))),
        'content-type': v.optional(v.pipe(v.string(), v.maxLength(200))),
      }),
      () => ({}),
    ),
    body: v.optional(v.string(), ''),
  }),
  v.strictObject({ error: v.pipe(v.string(), v.nonEmpty(), v.maxLength(1000)) }),
])

export function listenRoutes({
  sql,
  db,
  listening,
}: Pick<ApiOptions, 'sql' | 'db' | 'listening'>): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()

  app.post(
    '/:sink/listen',
    operation({
      tag,
      summary: "Receive a sink's requests in place of its endpoint",
      description:
        'Answers with lines of JSON (application/x-ndjson) until the caller leaves. What is answered counts as the ' +
        "receiver's answer: it acknowledges messages, or has them sent again. One listener per sink; needs a " +
        'process that dispatches.',
      answer: v.object({ type: v.picklist(['ready', 'request', 'ping', 'end']) }),
    }),
    optionalBody(v.strictObject({})),
    async (c) => {
      const sink = await findSink(db, c.req.param('sink'))
      const service = present(listening)
      const actor = c.get('actor')
      const lines = lineStream(() => void session.drop())
      const session: ListenSession = await service.begin(
        sink,
        actor.name,
        {
          request: (request) => lines.send({ type: 'request', ...request }),
          ended: (reason) => lines.end({ type: 'end', reason }),
        },
        (listenerId, dispatcherId) =>
          change(sql, actor, async ({ tx, audit }) => {
            await tx`select rowhook.begin_listening(${sink.id}, ${listenerId}, ${dispatcherId}, ${actor.name})`
            await audit({
              action: 'sink.listen',
              resource: `sink:${sink.name}`,
              before: null,
              after: { listener: listenerId },
            })
          }),
      )
      lines.begin({
        type: 'ready',
        listener: session.id,
        sink: sink.name,
        status: sink.status,
        timeout_ms: sink.request_timeout_ms,
      })
      return c.body(lines.stream, 200, { 'content-type': 'application/x-ndjson', 'x-accel-buffering': 'no' })
    },
  )

  app.post(
    '/:sink/listen/:listener/answers/:request',
    operation({ tag, summary: 'Answer a request', status: 204 }),
    body(answerInput),
    (c) => {
      const session = present(listening).find(c.req.param('listener'))
      const taken = session?.answer(c.req.param('request'), c.req.valid('json')) ?? false
      if (!taken) throw new NotFoundError('there is no such request that waits for an answer here')
      return c.body(null, 204)
    },
  )

  app.delete(
    '/:sink/listen/:listener',
    operation({
      tag,
      summary: 'Stop listening',
      description: 'Requests under way may still be answered; new ones go to the endpoint.',
      status: 204,
    }),
    (c) => {
      const session = present(listening).find(c.req.param('listener'))
      if (session === undefined) throw new NotFoundError('nobody listens here under this id')
      void session.end('it stopped listening')
      return c.body(null, 204)
    },
  )

  return app
}

function present<Service>(listening: Service | undefined): Service {
  if (listening !== undefined) return listening
  throw new ConflictError('this process dispatches nothing, so nobody can listen here', {
    hint: 'Ask a rowhook that was started without --no-dispatch.',
  })
}

/** A stream of JSON lines; pings in between, so that nobody on the way takes it for dead. */
function lineStream(onCancel: () => void) {
  const encoder = new TextEncoder()
  let out: ReadableStreamDefaultController<Uint8Array> | undefined
  const send = (line: object): void => out?.enqueue(encoder.encode(`${JSON.stringify(line)}\n`))
  let pinging: NodeJS.Timeout | undefined
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      out = controller
    },
    cancel: () => {
      out = undefined
      clearInterval(pinging)
      onCancel()
    },
  })
  return {
    stream,
    send,
    begin(line: object) {
      pinging = setInterval(() => send({ type: 'ping' }), pingMs)
      send(line)
    },
    end(line: object) {
      clearInterval(pinging)
      send(line)
      out?.close()
      out = undefined
    },
  }
}
