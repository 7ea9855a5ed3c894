// One signed test message to an endpoint.
import type { Sql } from 'postgres'
import { NotFoundError } from '../errors.ts'
import type { KeyRing } from '../secret/ring.ts'
import { sendToEndpoint } from './endpoint-message.ts'
import { judge } from './outcome.ts'
import type { Sender } from './send.ts'

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
  const id = `msg_${crypto.randomUUID()}`
  const sent = await sendToEndpoint({ sql, sender, ring, version }, endpointId, {
    id,
    attempt: 1,
    sink: 'test',
    body: ({ database, sinkUid }) => testBody(id, database, sinkUid),
  })
  if (sent === undefined) throw new NotFoundError('the endpoint is gone')
  const { exchange, redact, shownResponse } = sent
  const verdict = judge(exchange, [id])
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
    response: shownResponse(exchange.body),
  }
}

function testBody(id: string, database: string, sinkUid: string): string {
  return JSON.stringify({
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
          database_name: database,
          consumer: { id: sinkUid, name: 'test' },
        },
      },
    ],
  })
}
