// GET /api/live: server-sent events that say which sinks something has happened to. What it was is for the
// other operations to tell.
//
//   event: ready                                   once, at the beginning
//   event: sinks   data: {"sinks":["orders"]}      at most once a second
//   :                                              now and then, so that nobody on the way takes it for dead
import { Hono } from 'hono'
import * as v from 'valibot'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { HttpProblem } from './problem.ts'
import { createPulse } from './pulse.ts'
import { query } from './request.ts'
import { lookAtSinks } from './store/signs.ts'
import { findSink } from './store/sinks.ts'

const pingMs = 15_000
/** Then the browser connects anew, with the cookie that it has by then. */
const lifeMs = 2 * 60_000

export function liveRoutes({ sql, db, logger, pulse }: ApiOptions): Hono<ApiEnv> {
  const beat =
    pulse ??
    createPulse(
      (...asked) => lookAtSinks(sql, ...asked),
      (error) => logger.warn({ err: error }, 'no look at the sinks'),
    )
  return new Hono<ApiEnv>().get(
    '/',
    operation({
      tag: 'Sinks',
      summary: 'Follow what happens to sinks',
      description:
        'Server-sent events (text/event-stream): `sinks` with the names of those to which something has happened ' +
        `or that are gone, at most once a second. Ends after ${lifeMs / 60_000} minutes, and when the token is revoked.`,
      answer: v.object({ sinks: v.array(v.string()) }),
    }),
    query(v.strictObject({ sink: v.optional(v.pipe(v.string(), v.description('Only this one'))) })),
    async (c) => {
      // Whoever does not know what is coming would wait for an end.
      if (!/text\/event-stream/i.test(c.req.header('accept') ?? ''))
        throw new HttpProblem(406, 'ask with Accept: text/event-stream; the answer does not end by itself')
      const { sink: reference } = c.req.valid('query')
      const sink = reference === undefined ? undefined : (await findSink(db, reference)).name
      const events = eventStream((tell, end) =>
        beat.watch({
          sink,
          tokenId: c.get('actor').tokenId,
          changed: tell,
          ended: end,
        }),
      )
      c.header('content-type', 'text/event-stream')
      c.header('cache-control', 'no-store, no-transform')
      c.header('x-accel-buffering', 'no')
      // So that the connection ends with the answer, and a process that stops waits for none.
      c.header('connection', 'close')
      return c.body(events)
    },
  )
}

/**
 * A stream of events. What comes while nobody takes the last ones is told together, later.
 * @param begin is given the way to tell; returns what is to be done when it is over
 */
function eventStream(
  begin: (tell: (names: readonly string[]) => void, end: () => void) => () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const waiting = new Set<string>()
  let stop = () => {}
  return new ReadableStream<Uint8Array>(
    {
      start(out) {
        let leave = () => {}
        const mayTell = () => (out.desiredSize ?? 0) > 0
        const send = (text: string) => out.enqueue(encoder.encode(text))
        const flush = () => {
          if (waiting.size === 0 || !mayTell()) return
          send(`event: sinks\ndata: ${JSON.stringify({ sinks: [...waiting] })}\n\n`)
          waiting.clear()
        }
        const ping = setInterval(() => {
          flush()
          if (mayTell()) send(':\n\n')
        }, pingMs)
        stop = () => {
          clearInterval(ping)
          clearTimeout(life)
          leave()
        }
        let isOver = false
        const end = () => {
          if (isOver) return
          isOver = true
          stop()
          out.close()
        }
        const life = setTimeout(end, lifeMs)
        send('retry: 1000\nevent: ready\ndata: {}\n\n')
        leave = begin((names) => {
          for (const name of names) waiting.add(name)
          flush()
        }, end)
        if (isOver) stop()
      },
      cancel: () => stop(),
    },
    { highWaterMark: 4 },
  )
}
