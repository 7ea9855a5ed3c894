// Sinks for tests of delivery, made through the admin API, as a user makes them.
import { type Answer, type Receiver, type Responder, receiver as startReceiver } from './receiver.ts'
import { type TestDatabase, createDatabase } from './database.ts'
import { createItems } from './items.ts'
import { type RowhookProcess, startRowhook } from './rowhook-process.ts'

/** A sink, the table it reads and the receiver it sends to. */
export interface TestSink {
  name: string
  table: string
  receiver: Receiver
  /** GET /api/sinks/:sink. */
  show(): Promise<any>
  /** PATCH /api/sinks/:sink. */
  change(settings: object): Promise<any>
  /** Calls below /api/sinks/:sink; fails where the answer is no success. */
  call(method: string, path: string, body?: unknown): Promise<any>
}

/** What a sink is made with; the rest are fields of POST /api/sinks. */
export interface TestSinkOptions {
  /** Default: a new one. */
  table?: string
  /** Default: a new one. */
  receiver?: Receiver
  /** How the new receiver answers. */
  respond?: Answer | Responder
  /** Fields of POST /api/endpoints. */
  endpoint?: object
  /** Fields of the table's entry. */
  entry?: object
  [field: string]: unknown
}

/** A database and a `rowhook start` on it. */
export interface Stage {
  database: TestDatabase
  rowhook: RowhookProcess
  /** Makes table, receiver, endpoint and sink, through `through` or the stage's own process. */
  sink(options?: TestSinkOptions): Promise<TestSink>
  /** Another process on the same database. */
  another(options?: { url?: string; args?: string[]; env?: Record<string, string> }): Promise<RowhookProcess>
  /** The process whose API is called from now on. */
  use(rowhook: RowhookProcess): void
}

let count = 0

/** Calls the API and returns the body. @throws with status and problem where it is no success */
export async function ask(
  rowhook: RowhookProcess,
  method: string,
  path: string,
  body?: unknown,
): Promise<any> {
  const answer = await rowhook.api(method, path, body)
  if (answer.status < 200 || answer.status > 299) {
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  return answer.body
}

/** Sets a stage up; it ends with the test, or, from `beforeAll`, with the file. */
export async function setStage(
  options: { database?: TestDatabase; url?: string; args?: string[]; env?: Record<string, string> } = {},
): Promise<Stage> {
  const database = options.database ?? (await createDatabase())
  const start: Stage['another'] = ({ url = database.url, ...rest } = {}) => startRowhook({ url, ...rest })
  const { database: _, ...own } = options
  let rowhook = await start(own)
  return {
    database,
    get rowhook() {
      return rowhook
    },
    another: start,
    use: (other) => {
      rowhook = other
    },
    async sink({ table, receiver, respond, endpoint, entry, ...settings } = {}) {
      const name = `sink-${(count += 1)}`
      const to = receiver ?? (await startReceiver({ respond: respond ?? {} }))
      const from = table ?? (await createItems(database.sql))
      await ask(rowhook, 'POST', '/api/endpoints', { name, url: to.url, ...endpoint })
      await ask(rowhook, 'POST', '/api/sinks', {
        name,
        endpoint: name,
        tables: [{ name: from, ...entry }],
        ...settings,
      })
      const call = (method: string, path: string, body?: unknown) =>
        ask(rowhook, method, `/api/sinks/${name}${path}`, body)
      return {
        name,
        table: from,
        receiver: to,
        call,
        show: () => call('GET', ''),
        change: (changed) => call('PATCH', '', changed),
      }
    },
  }
}
