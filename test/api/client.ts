// The API in process, on a database of the test's own: no socket, no second process, so a test can
// hand it other keys, another clock of failures, or a logger that it reads.
import { createApi } from '../../src/api/app.ts'
import type { ApiOptions, TestOutcome } from '../../src/api/context.ts'
import { createKysely } from '../../src/db/kysely.ts'
import { parseNetworks } from '../../src/deliver/networks.ts'
import { parseKeyRing } from '../../src/secret/ring.ts'
import { type TestDatabase, createDatabase } from '../support/database.ts'

export const rootToken = 'root-token-of-the-tests'
export const encryptionKey = Buffer.alloc(32, 7).toString('base64')

/** What the API answered; `body` is parsed when it is JSON. */
export interface Answer {
  status: number
  headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  body: any
}

/** The API of one test. */
export interface TestApi {
  database: TestDatabase
  app: ReturnType<typeof createApi>
  /** What was logged at level error. */
  errors: object[]
  /** What was logged at level info, as JSON. */
  lines: string[]
  /** Calls as root, unless `headers` say otherwise. A string body is sent as it is. */
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
}

/** Builds an API; what `options` does not name is as in production, with webhooks to 127.0.0.1 allowed. */
export async function createTestApi(options: Partial<ApiOptions> = {}): Promise<TestApi> {
  const database = await createDatabase()
  const errors: object[] = []
  const lines: string[] = []
  const app = createApi({
    sql: database.sql,
    db: createKysely(database.sql),
    config: {
      adminToken: rootToken,
      keyRing: parseKeyRing(encryptionKey),
      allowNetworks: parseNetworks('127.0.0.0/8'),
    },
    logger: {
      debug: () => {},
      info: (fields) => lines.push(JSON.stringify(fields)),
      warn: () => {},
      error: (fields) => errors.push(fields),
    },
    metrics: { contentType: 'text/plain; version=0.0.4', metrics: async () => 'rowhook_up 1\n' },
    sendTest: async () => succeeded,
    ...options,
  })
  return { database, app, errors, lines, call: caller(app) }
}

/** Headers of another bearer. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const succeeded: TestOutcome = { outcome: 'ok', status: 200, duration_ms: 1, error: null, response: 'ok' }

function caller(app: TestApi['app']): TestApi['call'] {
  return async (method, path, body, headers = {}) => {
    const response = await app.request(path, {
      method,
      headers: { ...bearer(rootToken), 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }
}
