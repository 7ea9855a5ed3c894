// GET /live: the API's events about sinks, for as long as the person is signed in. Where they sign out, what
// this process sends ends at once; elsewhere within two minutes, when the browser connects anew.
import { Hono } from 'hono'
import { queryText } from '../operations.ts'
import type { ConsoleEnv } from '../visit.ts'

/** Streams that are open, by session. */
export interface LiveStreams {
  pages(): Hono<ConsoleEnv>
  /** Ends those of a session. */
  end(sessionId: string): void
}

export function createLiveStreams(): LiveStreams {
  const open = new Map<string, Set<AbortController>>()

  function enter(sessionId: string): { signal: AbortSignal; leave: () => void } {
    const controller = new AbortController()
    const streams = open.get(sessionId) ?? new Set()
    open.set(sessionId, streams.add(controller))
    const leave = () => {
      streams.delete(controller)
      if (streams.size === 0) open.delete(sessionId)
    }
    return { signal: controller.signal, leave }
  }

  return {
    pages: () =>
      new Hono<ConsoleEnv>().get('/live', async (c) => {
        const answer = await c.var.operations.stream(`/live${queryText({ sink: c.req.query('sink') })}`)
        const { signal, leave } = enter(c.var.sessionId)
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
        // The way there stays open, so that the browser sees an end and not a torn connection.
        const over = () => void writable.close().catch(() => {})
        void answer.body!.pipeTo(writable, { signal, preventAbort: true }).catch(over).finally(leave)
        return new Response(readable, { headers: answer.headers })
      }),
    end(sessionId) {
      for (const controller of open.get(sessionId) ?? []) controller.abort()
    },
  }
}
