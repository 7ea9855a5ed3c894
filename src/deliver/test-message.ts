// One signed test message to an endpoint, outside of every stream.
import type { Sql } from 'postgres'
import { decrypt } from '../secret/cipher.ts'
import { headerIdentity } from '../secret/identity.ts'
import { createRedactor } from '../secret/redact.ts'
import type { KeyRing } from '../secret/ring.ts'
import { judge } from './outcome.ts'
import type { Sender } from './send.ts'
import { createTarget } from './target.ts'
import type { SinkDocument } from './target.ts'

/** What came of it. */
export interface TestMessageOutcome {
  outcome: 'ok' | 'failed'
  status: number | null
  duration_ms: number
  error: string | null
  response: string | null
}

/** Sends `{"data":[…]}` with one message of action "test" to the endpoint's own URL. */
export async function sendTestMessage(
  sql: Sql,
  sender: Sender,
  ring: KeyRing,
  version: string,
  endpointId: string,
): Promise<TestMessageOutcome> {
  const [row] = await sql`
    select row_to_json(e)::text as endpoint, current_database() as database,
      (select i.id::text from rowhook.installation i) as installation
    from rowhook.endpoint e where e.id = ${endpointId}`
  const endpoint = JSON.parse(row!['endpoint'] as string) as SinkDocument['endpoint']
  const id = `msg_${crypto.randomUUID()}`
  const name = 'test'
  const target = createTarget(
    {
      id: 0,
      uid: '00000000-0000-0000-0000-000000000000',
      name,
      path: '',
      status: 'active',
      version: 0,
      message_type: 'changes',
      batch: true,
      batch_size: 1,
      batch_timeout_ms: 0,
      request_timeout_ms: 10_000,
      max_retry_count: 0,
      concurrency: 1,
      rate_limit: null,
      compression: null,
      max_message_bytes: null,
      alert_endpoint_id: null,
      database: row!['database'] as string,
      installation: row!['installation'] as string,
      endpoint,
      tables: [],
    },
    ring,
    version,
    Date.now(),
  )
  const body = JSON.stringify({
    data: [
      {
        record: { message: 'a test message from rowhook' },
        changes: null,
        action: 'test',
        metadata: {
          table_schema: 'rowhook',
          table_name: 'test',
          record_pks: [],
          previous_pks: null,
          commit_timestamp: new Date().toISOString().replace('Z', '000Z'),
          transaction_id: '0',
          idempotency_key: id,
          transaction_annotations: null,
          replay_id: null,
          backfill_id: null,
          database_name: row!['database'] as string,
          consumer: { id: target.sink.uid, name },
        },
      },
    ],
  })
  const batch = { id, attempt: 1 } as Parameters<typeof target.headers>[0]
  const exchange = await sender.send({
    endpointKey: `test:${endpointId}:${id}`,
    url: target.url,
    headers: target.headers(batch, Math.floor(Date.now() / 1000), body).sent,
    body,
    timeoutMs: 10_000,
    tls: target.tls,
  })
  sender.forget(`test:${endpointId}:${id}`)
  const verdict = judge(exchange, [id])
  // a receiver may echo what it got
  const { redact } = createRedactor(
    Object.entries(endpoint.encrypted_headers).map(([h, text]) =>
      decrypt(ring, headerIdentity(endpointId, h), text),
    ),
  )
  return {
    outcome: verdict.kind === 'delivered' ? 'ok' : 'failed',
    status: exchange.status ?? null,
    duration_ms: Math.round(exchange.durationMs),
    error:
      verdict.kind === 'delivered'
        ? null
        : verdict.kind === 'failed'
          ? redact(verdict.error)
          : 'it named the message as failed',
    response: exchange.body === '' ? null : redact(exchange.body.slice(0, 1000)),
  }
}
