// What every route is given: the services of createApi, and who is asking.
import type postgres from 'postgres'
import type { Config } from '../config.ts'
import type { Db } from '../db/kysely.ts'
import type { Reach } from '../deliver/reach.ts'
import type { Listening } from '../schedule/listening.ts'
import type { Pulse } from './pulse.ts'

/** The outcome of one signed test message, as the API returns it. */
export interface TestOutcome {
  outcome: 'ok' | 'failed'
  /** HTTP status; null when there was no answer. */
  status: number | null
  duration_ms: number
  error: string | null
  /** First bytes of the answer, secrets masked. */
  response: string | null
}

/** The part of a pino logger that the API needs. */
export interface ApiLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the API stands on. It begins no connection and listens nowhere by itself. */
export interface ApiOptions {
  sql: postgres.Sql
  db: Db
  config: Pick<Config, 'adminToken' | 'keyRing' | 'allowNetworks'>
  /** The dispatcher of this process; /readyz asks whether its loop still makes progress. */
  dispatcher?: { isAlive(): boolean }
  logger: ApiLogger
  /** A prom-client registry, or what looks like one. */
  metrics: { readonly contentType: string; metrics(): Promise<string> }
  /** Sends one signed test message to the endpoint with this id. */
  sendTest: (endpointId: string) => Promise<TestOutcome>
  /** Tries a connection to a receiver, for the doctor; without it none is tried. */
  reach?: Reach
  /** Tells who looks at sinks that something has happened; whoever hands it in, closes it. */
  pulse?: Pulse
  /** Serves listeners; without it this process dispatches nothing. */
  listening?: Listening
}

/** What a token may do; each scope includes those before it. */
export const scopes = ['read', 'write', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** Who sent the request, as the audit log names them. */
export interface Actor {
  name: string
  scope: Scope
  /** undefined: the root token. */
  tokenId?: string
}

/** Hono's environment for all routes below /api. */
export interface ApiEnv {
  Variables: { requestId: string; actor: Actor }
}
