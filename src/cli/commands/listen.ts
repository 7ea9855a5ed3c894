// `rowhook listen`: a sink's requests on this machine, through the API: no tunnel, no public address.
// What the local program answers goes back and counts as the receiver's answer (src/api/listen.ts).
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError } from '../../errors.ts'
import { type Client, apiPath } from '../client.ts'
import { type Call, type Command, type ExitCode, command, exit } from '../command.ts'
import { ApiError, UsageError } from '../errors.ts'
import { type Line, forward, linesOf } from '../forward.ts'
import { indentJson } from '../terminal/json.ts'
import { painter, printable, printableLines } from '../terminal/text.ts'

/** Between attempts to come back after the connection was lost. */
const againMs = 2000

interface Session {
  client: Client
  call: Pick<Call, 'terminal' | 'json' | 'signal'>
  sink: string
  target: string
  bodies: boolean
}

export const listenCommands: Command[] = [
  command({
    path: 'listen',
    about: "Receive a sink's requests here, in place of its endpoint, and forward them to a local program",
    details: `Until Ctrl-C the sink's endpoint gets nothing: what the local program answers decides, as the receiver's
answer would. 2xx acknowledges the messages for good, anything else has them sent again, 410 pauses the sink.
Use a sink of your own (a second sink on the same tables gets its own copy of every change).
Headers are those of the endpoint, signature included, with encrypted headers masked.
One listener per sink; needs ROWHOOK_URL to lead to a rowhook that dispatches.`,
    args: ['SINK'],
    flags: {
      forward: {
        type: 'string',
        value: 'url',
        about: 'where each request goes, such as http://localhost:3000/hook',
      },
      bodies: { type: 'boolean', about: 'also print what each request holds' },
    },
    examples: ['rowhook listen orders-dev --forward http://localhost:3000/hook'],
    async run(call) {
      const { args, flags, api } = call
      const target = flags.forward
      if (target === undefined || !/^https?:$/.test(URL.parse(target)?.protocol ?? '')) {
        throw new UsageError('rowhook listen needs --forward with a URL', {
          hint: 'Such as --forward http://localhost:3000/hook',
        })
      }
      const client = await api()
      if (client.local) {
        throw new ConfigError(
          'rowhook listen needs a running rowhook, and DATABASE_URL leads to a database only',
          {
            hint: 'Set ROWHOOK_URL and ROWHOOK_TOKEN.',
          },
        )
      }
      return listen({ client, call, sink: args[0]!, target, bodies: flags.bodies === true })
    },
  }),
]

async function listen(session: Session): Promise<ExitCode> {
  const { signal, terminal } = session.call
  for (let attempt = 1; ; attempt++) {
    try {
      const reason = await listenOnce(session)
      if (signal.aborted) return exit.ok
      terminal.note(`The server ended it: ${printable(reason)}. Beginning again.`)
    } catch (error) {
      if (signal.aborted) return exit.ok
      // Only a connection that was there may come back; then the API may still be away, or not yet have
      // noticed that the former one is gone (409).
      const mayPass =
        error instanceof ConfigError || (error instanceof ApiError && [409, 503].includes(error.status))
      if (!(error instanceof ConnectionLost || (attempt > 1 && mayPass))) throw error
      terminal.note('The connection was lost; trying again.')
    }
    await sleep(againMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) return exit.ok
  }
}

/** The stream broke after it had begun. */
class ConnectionLost extends Error {}

/** One connection; resolves with why the server ended it. */
async function listenOnce(session: Session): Promise<string> {
  const { client, call, sink } = session
  const { signal } = call
  const gone = new AbortController()
  let listener: string | undefined
  let stopping = false
  const stop = (): void => {
    stopping = true
    // The server lets requests under way finish, and then ends the stream.
    if (listener === undefined) gone.abort()
    else void client.delete(apiPath`/api/sinks/${sink}/listen/${listener}`).catch(() => gone.abort())
  }
  signal.addEventListener('abort', stop, { once: true })
  const answers = new Set<Promise<void>>()
  try {
    const response = await client.open(apiPath`/api/sinks/${sink}/listen`, {}, gone.signal)
    for await (const line of linesOf(response)) {
      if (line.type === 'ready') {
        listener = line.listener
        announce(session, line)
        if (stopping) stop()
      } else if (line.type === 'request') {
        const answer = handle(session, listener!, line).finally(() => answers.delete(answer))
        answers.add(answer)
      } else if (line.type === 'end') return line.reason
    }
    throw new ConnectionLost()
  } catch (error) {
    if (listener === undefined || error instanceof ConnectionLost) throw error
    throw new ConnectionLost(undefined, { cause: error })
  } finally {
    signal.removeEventListener('abort', stop)
    await Promise.allSettled(answers)
    gone.abort()
  }
}

function announce({ call, target }: Session, line: Line & { type: 'ready' }): void {
  const { terminal } = call
  terminal.note(
    `Listening to ${line.sink}: its requests come here and go to ${target}, not to its endpoint. Ctrl-C ends it.`,
  )
  if (line.status !== 'active')
    terminal.note(`The sink is ${line.status}: nothing comes before rowhook sinks resume ${line.sink}.`)
}

async function handle(
  { client, call, sink, target, bodies }: Session,
  listener: string,
  request: Line & { type: 'request' },
): Promise<void> {
  const { terminal, json } = call
  const began = performance.now()
  const answer = await forward(target, request)
  const ms = Math.round(performance.now() - began)
  const shown = {
    webhook_id: request.headers['webhook-id'],
    attempt: Number(request.headers['rowhook-attempt']),
    ...('error' in answer ? { status: null, error: answer.error } : { status: answer.status, error: null }),
    duration_ms: ms,
  }
  if (json) terminal.print(JSON.stringify(bodies ? { ...shown, body: request.body } : shown))
  else {
    const ok = !('error' in answer) && answer.status < 300
    const paint = painter(terminal.coloured)
    const outcome = 'error' in answer ? answer.error : String(answer.status)
    terminal.print(
      `${paint(ok ? 'green' : 'red', printable(outcome))}  ${ms} ms  ${summaryOf(request.body)}${shown.attempt > 1 ? `  attempt ${shown.attempt}` : ''}`,
    )
    if (bodies) terminal.print(printableLines(indentJson(request.body)))
  }
  await client
    .post(
      `${apiPath`/api/sinks/${sink}/listen/${listener}`}/answers/${encodeURIComponent(request.id)}`,
      answer,
    )
    .catch((error: unknown) =>
      terminal.note(`An answer came too late: ${printable((error as Error).message)}`),
    )
}

/** `update public.orders 1234`, of several messages the first and how many others. */
export function summaryOf(body: string): string {
  interface Message {
    action: string
    metadata: { table_schema: string; table_name: string; record_pks: string[] }
  }
  try {
    const parsed = JSON.parse(body) as Message | { data: Message[] }
    const messages = 'data' in parsed ? parsed.data : [parsed]
    const { action, metadata } = messages[0]!
    const first = `${action} ${metadata.table_schema}.${metadata.table_name} ${metadata.record_pks.join(':')}`
    return printable(messages.length === 1 ? first : `${first} and ${messages.length - 1} more`)
  } catch {
    return ''
  }
}
