// The tables of sql/migrations that the API reads and writes through Kysely, as postgres.js returns
// them: bigint as string, timestamptz as Date, jsonb as its value. Kept by hand; test/api/schema.test.ts
// compares it with the database. The event log and delivery state are not here: only the functions
// of sql/functions touch those.
import type { ColumnType, Generated, GeneratedAlways } from 'kysely'

type Version = ColumnType<string, never, string | number>
type CreatedAt = ColumnType<Date, never, never>
type Touched = ColumnType<Date, never, Date>
type Json<T> = ColumnType<T, T | undefined, T>

/** A signing secret at rest; newest first in its list. */
export interface StoredSigningSecret {
  ciphertext: string
  created_at: string
  /** When it stops signing, after a rotation; null: the current one. */
  expires_at: string | null
}

export interface EndpointTable {
  id: Generated<string>
  name: string
  url: string
  headers: Json<Record<string, string>>
  encrypted_headers: Json<Record<string, string>>
  signing_secrets: Json<StoredSigningSecret[]>
  ca_certificate: string | null
  client_certificate: string | null
  client_key: string | null
  version: Version
  created_at: CreatedAt
  updated_at: Touched
}

export interface SinkTable {
  id: GeneratedAlways<number>
  uid: Generated<string>
  name: string
  endpoint_id: string
  path: Generated<string>
  message_type: Generated<'changes' | 'rows'>
  batch: Generated<boolean>
  batch_size: Generated<number>
  batch_timeout_ms: Generated<number>
  request_timeout_ms: Generated<number>
  max_retry_count: number | null
  concurrency: Generated<number>
  rate_limit: number | null
  compression: 'gzip' | null
  max_message_bytes: number | null
  status: Generated<'active' | 'paused' | 'disabled'>
  status_reason: string | null
  alert_endpoint_id: string | null
  version: Version
  created_at: CreatedAt
  updated_at: Touched
}

export interface SourceTable {
  id: GeneratedAlways<number>
  relid: string | null
  schema_name: string
  table_name: string
  retention: string | null
  retention_filter: unknown
}

export interface SinkTableTable {
  id: GeneratedAlways<number>
  sink_id: number
  source_id: number
  ordinal: number
  actions: string[]
  filter: unknown
  group_columns: number[] | null
  exclude_columns: number[]
  unchanged: boolean
  column_names: Json<Record<string, string>>
  stale_reason: string | null
}

export interface TokenTable {
  id: Generated<string>
  name: string
  digest: string
  scopes: string[]
  expires_at: Date | null
  last_used_at: Date | null
  revoked_at: Date | null
  created_at: CreatedAt
}

export interface AuditTable {
  id: GeneratedAlways<string>
  at: CreatedAt
  actor: string
  action: string
  resource: string
  before: Json<unknown>
  after: Json<unknown>
}

export interface IdempotencyTable {
  key: string
  fingerprint: string
  status: number | null
  headers: Json<Record<string, string> | null>
  body: string | null
  created_at: CreatedAt
}

export interface DeliveryTable {
  id: GeneratedAlways<string>
  sink_id: number
  replay_id: string | null
  webhook_id: string
  event_ids: string[]
  attempt: number
  at: Date
  ok: boolean
  status: number | null
  duration_ms: number
  error: string | null
  response: string | null
  fixed_headers: Json<Record<string, string> | null>
}

/** Table names as Kysely takes them. */
export interface Database {
  'rowhook.endpoint': EndpointTable
  'rowhook.sink': SinkTable
  'rowhook.source': SourceTable
  'rowhook.sink_table': SinkTableTable
  'rowhook.token': TokenTable
  'rowhook.audit': AuditTable
  'rowhook.idempotency': IdempotencyTable
  'rowhook.delivery': DeliveryTable
}
