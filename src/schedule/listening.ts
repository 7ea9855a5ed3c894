// Who may listen to a sink, and that its streams run in this process meanwhile. With several dispatchers
// a sink's streams run wherever their lease is, while a listener is connected to one process: so a row in
// rowhook.listener lets only that one claim them, and the others let go as they do at any edit of the
// sink (schedule/runner.ts). When this process dies, its dispatcher's row goes and the listener's with it.
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Sql } from 'postgres'
import type { Diverted, Listener, Listeners } from '../deliver/listener.ts'

/** A listener that is being served. */
export interface ListenSession {
  readonly id: string
  answer: Listener['answer']
  /** Ends it: requests under way may still be answered, new ones go to the endpoint. */
  end(reason: string): Promise<void>
  /** Ends it at once: nobody is there to answer. */
  drop(): Promise<void>
}

/** What a session tells. */
export interface ListenEvents {
  request(request: Diverted): void
  /** It is over: nothing further is told. */
  ended(reason: string): void
}

export interface Listening {
  /**
   * Begins a session in a transaction of the caller's, which is to commit right after.
   * @param write calls rowhook.begin_listening with the listener's id and this dispatcher's
   */
  begin(
    sink: { id: number; name: string },
    actor: string,
    events: ListenEvents,
    write: (listenerId: string, dispatcherId: string) => Promise<void>,
  ): Promise<ListenSession>
  find(id: string): ListenSession | undefined
  /** Ends all sessions: this process stops. */
  close(): Promise<void>
}

export interface ListeningOptions {
  sql: Sql
  logger: Logger
  listeners: Listeners
  dispatcher: { readonly id: string; readonly runner: { start(streamId: string): Promise<boolean> } }
}

/** Between looks whether the session's row is there still, and its streams are to be had. */
const watchMs = 2000
const takeOverMs = 200

/** Makes the listening of a dispatcher's process. */
export function createListening({ sql, logger, listeners, dispatcher }: ListeningOptions): Listening {
  const sessions = new Map<string, ListenSession>()

  async function takeOver(sinkId: number): Promise<boolean> {
    const streams = await sql<{ id: string; owner: string | null }[]>`
      select st.id::text as id, st.owner from rowhook.stream st where st.sink_id = ${sinkId}`
    const free = streams.filter(({ owner }) => owner === null)
    for (const { id } of free) await dispatcher.runner.start(id)
    return streams.every(({ owner }) => owner === dispatcher.id)
  }

  return {
    find: (id) => sessions.get(id),
    async begin(sink, actor, events, write) {
      const id = randomUUID()
      await write(id, dispatcher.id)
      let over = false
      const listener = listeners.add(sink.id, { id, actor }, events.request, () => {
        void finish('it did not answer a request in time', () => listener.leave())
      })
      logger.info({ sink: sink.name, actor }, 'a listener takes the place of the endpoint')

      const finish = async (reason: string, close: () => void | Promise<void>): Promise<void> => {
        if (over) return
        over = true
        clearInterval(watching)
        await close()
        sessions.delete(id)
        await sql
          .begin(async (tx) => {
            await tx`select rowhook.end_listening(${id})`
            await tx`select pg_notify('rowhook_wake', 'config')`
          })
          .catch((error: unknown) =>
            logger.warn({ err: error, sink: sink.name }, 'a listener could not be signed off'),
          )
        logger.info(
          { sink: sink.name, actor, reason },
          'the listener is gone; requests go to the endpoint again',
        )
        events.ended(reason)
      }

      const watching = setInterval(() => {
        void sql`select from rowhook.listener l where l.id = ${id} and l.dispatcher_id = ${dispatcher.id}`
          .then((rows) => {
            if (rows.length === 0)
              void finish('this dispatcher was taken for dead, or the sink deleted', () => listener.leave())
          })
          .catch(() => {})
      }, watchMs)
      const session: ListenSession = {
        id,
        answer: (requestId, answer) => listener.answer(requestId, answer),
        end: (reason) => finish(reason, () => listener.drain()),
        drop: () => finish('it went away', () => listener.leave()),
      }
      sessions.set(id, session)
      void until(
        () => over,
        () => takeOver(sink.id),
      )
      return session
    },
    async close() {
      await Promise.all([...sessions.values()].map((session) => session.drop()))
    },
  }

  /** Other dispatchers finish their requests in flight before they let go. */
  async function until(over: () => boolean, attempt: () => Promise<boolean>): Promise<void> {
    while (!over()) {
      if (await attempt().catch(() => false)) return
      await new Promise((resolve) => setTimeout(resolve, takeOverMs))
    }
  }
}
