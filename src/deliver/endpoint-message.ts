// One signed request to an endpoint, outside of every stream: a test message, an alert.
import type { Sql } from 'postgres'
import { decrypt } from '../secret/cipher.ts'
import { headerIdentity } from '../secret/identity.ts'
import { createRedactor } from '../secret/redact.ts'
import type { KeyRing } from '../secret/ring.ts'
import type { Exchange } from './exchange.ts'
import type { Sender } from './send.ts'
import { createTarget } from './target.ts'
import type { SinkDocument, Target } from './target.ts'

/** What it is sent with. */
export interface EndpointMail {
  sql: Sql
  sender: Sender
  ring: KeyRing
  /** rowhook's own version. */
  version: string
}

/** What is sent. */
export interface EndpointMessage {
  /** The webhook-id: the same over all attempts. */
  id: string
  /** From 1. */
  attempt: number
  /** What the header rowhook-sink says. */
  sink: string
  /** The body, made of what the database says of itself. */
  body(about: { database: string; sinkUid: string }): string
}

const timeoutMs = 10_000

/**
 * Sends it to the endpoint's own URL, signed as any other.
 * @returns what came of it, and how to mask the endpoint's secrets in what is shown of that; undefined:
 *   there is no such endpoint
 */
export async function sendToEndpoint(
  { sql, sender, ring, version }: EndpointMail,
  endpointId: string,
  { id, attempt, sink, body }: EndpointMessage,
): Promise<
  { exchange: Exchange; redact: (text: string) => string; shownResponse: Target['shownResponse'] } | undefined
> {
  const [row] = await sql`
    select row_to_json(e)::text as endpoint, current_database() as database,
      (select i.id::text from rowhook.installation i) as installation
    from rowhook.endpoint e where e.id = ${endpointId}`
  if (row === undefined) return undefined
  const endpoint = JSON.parse(row['endpoint'] as string) as SinkDocument['endpoint']
  const database = row['database'] as string
  const target = createTarget(
    { ...bare, name: sink, database, installation: row['installation'] as string, endpoint },
    ring,
    version,
    Date.now(),
  )
  const text = body({ database, sinkUid: bare.uid })
  const exchange = await post(sender, target, { id, attempt, body: text })
  // a receiver may echo what it got
  const { redact } = createRedactor(
    Object.entries(endpoint.encrypted_headers).map(([name, sealed]) =>
      decrypt(ring, headerIdentity(endpointId, name), sealed),
    ),
  )
  return { exchange, redact, shownResponse: target.shownResponse }
}

async function post(
  sender: Sender,
  target: Target,
  { id, attempt, body }: { id: string; attempt: number; body: string },
): Promise<Exchange> {
  const batch = { id, attempt } as Parameters<typeof target.headers>[0]
  const endpointKey = `endpoint:${target.sink.endpoint.id}:${id}`
  try {
    return await sender.send({
      endpointKey,
      url: target.url,
      headers: target.headers(batch, Math.floor(Date.now() / 1000), body),
      body,
      timeoutMs,
      tls: target.tls,
    })
  } finally {
    sender.forget(endpointKey)
  }
}

/** A sink that is none: what a target needs besides its endpoint. */
const bare: Omit<SinkDocument, 'name' | 'database' | 'installation' | 'endpoint'> = {
  id: 0,
  uid: '00000000-0000-0000-0000-000000000000',
  path: '',
  status: 'active',
  version: '',
  message_type: 'changes',
  batch: true,
  batch_size: 1,
  batch_timeout_ms: 0,
  request_timeout_ms: timeoutMs,
  max_retry_count: 0,
  concurrency: 1,
  rate_limit: null,
  compression: null,
  max_message_bytes: null,
  alert_endpoint_id: null,
  backfilling: false,
  tables: [],
}
