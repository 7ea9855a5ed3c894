// The API's answers, as far as pages read them. Their owner is src/api; these are only its types.
import type { ActivityRow } from '../api/store/activity.ts'
import type { Backfill, Replay } from '../api/store/history.ts'
import type { LogPartition } from '../api/store/log.ts'
import type { RowChange as StoredRowChange } from '../api/store/rowHistory.ts'
import type { MessageState } from '../api/store/messages.ts'
import type { EndpointInUse } from '../api/schema/endpoint.ts'
import type { SinkShown } from '../api/schema/sink.ts'
import type { TestOutcome } from '../api/context.ts'
import type { TableDescription } from '../capture/tables.ts'

export type Sink = SinkShown
export type Endpoint = EndpointInUse
export type Table = TableDescription
export type { Backfill, LogPartition, Replay, TestOutcome }

/** GET /api/tables/:table/history. */
export interface RowChange
  extends Omit<StoredRowChange, 'record' | 'changes'>, Pick<Message, 'record' | 'changes'> {}

/** GET /api/sinks/:sink/messages. */
export interface Message {
  event_id: string
  state: MessageState
  table: string | null
  action: string
  group: string | null
  record: Record<string, unknown> | null
  changes: Record<string, unknown> | null
  captured_at: string
  attempts: number
  next_attempt_at: string | null
  last_error: string | null
  webhook_id: string | null
  /** record and changes were longer than asked for. */
  cut?: { bytes: number; beginning: string }
}

/** GET /api/sinks/:sink/deliveries. */
export interface Delivery {
  id: string
  at: string
  webhook_id: string
  event_ids: string[]
  attempt: number
  outcome: 'ok' | 'failed'
  status: number | null
  duration_ms: number
  error: string | null
  response: string | null
  request_headers: Record<string, string> | null
  replay_id: string | null
}

/** GET /api/sinks/:sink/activity. */
export interface Activity {
  since: string
  step_s: number
  steps: number
  data: (Omit<ActivityRow, 'at'> & { at: string })[]
}

/** GET /api/activity: messages in each step, by the id of the sink. */
export interface AllActivity {
  step_s: number
  data: Record<string, number[]>
}

/** GET /api/tokens. */
export interface Token {
  id: string
  name: string
  scopes: string[]
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
  created_at: string
}

/** GET /api/audit. */
export interface AuditEntry {
  id: string
  at: string
  actor: string
  action: string
  resource: string
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

/** GET /api/doctor. */
export interface DoctorReport {
  status: 'ok' | 'warning' | 'problem'
  findings: {
    check: string
    level: 'ok' | 'note' | 'warning' | 'problem'
    message: string
    todo: string | null
  }[]
}
