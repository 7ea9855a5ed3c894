// What a run needs to know of its sink, made once from rowhook.load_sink: where requests go, what
// their headers are, how messages are printed, the limits.
import { decrypt } from '../secret/cipher.ts'
import { clientKeyIdentity, headerIdentity, signingIdentity } from '../secret/identity.ts'
import type { KeyRing } from '../secret/ring.ts'
import type { EventRow } from '../log/events.ts'
import { joinUrl } from './address.ts'
import { makeBody } from './body.ts'
import type { BodyWriter } from './body.ts'
import { type MessageTable, createMessagePrinter, idempotencyKey } from './message.ts'
import type { Batch } from './batch.ts'
import { headerBuilder, isSecretName, maskHeaders } from './headers.ts'
import { responseShower } from './shown-response.ts'
import { expiringKeys, sign } from './sign.ts'
import type { TlsOptions } from './tls.ts'

/** One table of a sink, as rowhook.load_sink gives it. */
interface SinkTableDocument {
  source_id: number
  schema: string
  table: string
  group_columns: number[] | null
  stale: string | null
  /** Taken out of the sink: what was captured for it before is discarded. */
  former: boolean
}

/** rowhook.load_sink's document. */
export interface SinkDocument {
  id: number
  uid: string
  name: string
  path: string
  status: string
  version: string
  message_type: 'changes' | 'rows'
  batch: boolean
  batch_size: number
  batch_timeout_ms: number
  request_timeout_ms: number
  max_retry_count: number | null
  concurrency: number
  rate_limit: number | null
  compression: 'gzip' | null
  max_message_bytes: number | null
  alert_endpoint_id: string | null
  /** A backfill of it is active. */
  backfilling: boolean
  database: string
  installation: string
  endpoint: {
    id: string
    url: string
    headers: Record<string, string>
    encrypted_headers: Record<string, string>
    signing_secrets: { ciphertext: string; created_at: string; expires_at: string | null }[]
    ca_certificate: string | null
    client_certificate: string | null
    client_key: string | null
  }
  tables: SinkTableDocument[]
}

/** Those of these changes that the target sends: a sink of rows may have captured others when it was one of changes. */
export const sendable = ({ rowsOnly }: Pick<Target, 'rowsOnly'>, rows: EventRow[]): EventRow[] =>
  rowsOnly ? rows.filter(({ action }) => action !== 'd' && action !== 't') : rows

export interface Target {
  sink: SinkDocument
  installation: string
  tables: Map<number, { groupColumns: number[] | null; stale: string | null; former: boolean }>
  url: string
  tls: TlsOptions | null
  concurrency: number
  batchSize: number
  batchTimeoutMs: number
  requestTimeoutMs: number
  maxRetryCount: number | null
  maxMessageBytes: number
  rowsOnly: boolean
  /** Each request carries one bare message. */
  bare: boolean
  /** The idempotency key of a message. */
  keyOf(row: EventRow): string
  /** The request's body for these messages. */
  body(rows: readonly EventRow[]): Buffer
  /** What a table is called from now on. */
  rename(sourceId: number, table: MessageTable): void
  /** The request's headers, flat, name after value. */
  headers(batch: Batch, timestamp: number, body: string | Uint8Array): string[]
  /** Those that are the same in all requests, as JSON text for the delivery log, secrets masked. */
  fixedHeaders: string
  /** The first characters of an answer, secrets masked; null: it was empty. */
  shownResponse(body: string): string | null
}

/** A backfilled row's key: the same for every attempt of this backfill. */
function readKey(row: EventRow): string {
  return `${row.annotations}-${row.pks.length === 0 ? row.event_id : JSON.stringify(row.pks)}`
}

/** Prepares a sink for delivery. Throws ConfigError when a secret cannot be decrypted. */
export function createTarget(
  sink: SinkDocument,
  ring: KeyRing,
  version: string,
  nowMs: number,
  replayId: string | null = null,
): Target {
  const { endpoint } = sink
  const secretHeaders = Object.fromEntries(
    Object.entries(endpoint.encrypted_headers).map(([name, text]) => [
      name,
      decrypt(ring, headerIdentity(endpoint.id, name), text),
    ]),
  )
  const keysAt = expiringKeys(
    endpoint.signing_secrets
      .map((s) => ({ ...s, until: s.expires_at === null ? Infinity : Date.parse(s.expires_at) }))
      .filter((s) => s.until > nowMs)
      .map((s) => ({ until: s.until, secret: decrypt(ring, signingIdentity(endpoint.id), s.ciphertext) })),
  )
  const tls: TlsOptions = {}
  if (endpoint.ca_certificate !== null) tls.ca_certificate = endpoint.ca_certificate
  if (endpoint.client_certificate !== null) tls.client_certificate = endpoint.client_certificate
  if (endpoint.client_key !== null)
    tls.client_key = decrypt(ring, clientKeyIdentity(endpoint.id), endpoint.client_key)

  const keyOf = (row: EventRow): string =>
    row.action === 'r' ? readKey(row) : idempotencyKey(short, row.event_id)
  const short = sink.installation.slice(0, 8)
  const printer = createMessagePrinter({
    tables: new Map(sink.tables.map((t) => [t.source_id, { schema: t.schema, table: t.table }])),
    installation: short,
    database: sink.database,
    sink: { uid: sink.uid, name: sink.name },
    rowsOnly: sink.message_type === 'rows',
    replayId,
  })
  const printRow = (out: BodyWriter, row: EventRow): void =>
    row.action === 'r'
      ? printer.print(out, { ...row, annotations: null }, row.annotations, readKey(row))
      : printer.print(out, row, null)
  const printRows = (out: BodyWriter, rows: readonly EventRow[]): void => {
    out.text('{"data":[')
    for (let i = 0; i < rows.length; i++) {
      if (i > 0) out.text(',')
      printRow(out, rows[i]!)
    }
    out.text(']}')
  }
  const build = headerBuilder({
    endpointHeaders: { ...endpoint.headers, ...secretHeaders },
    sinkName: sink.name,
    version,
  })

  return {
    sink,
    installation: short,
    tables: new Map(
      sink.tables.map((t) => [
        t.source_id,
        { groupColumns: t.group_columns, stale: t.stale, former: t.former },
      ]),
    ),
    url: joinUrl(endpoint.url, sink.path),
    tls: Object.keys(tls).length === 0 ? null : tls,
    concurrency: sink.concurrency,
    batchSize: sink.batch_size,
    batchTimeoutMs: sink.batch_timeout_ms,
    requestTimeoutMs: sink.request_timeout_ms,
    maxRetryCount: sink.max_retry_count,
    maxMessageBytes: sink.max_message_bytes ?? Number.MAX_SAFE_INTEGER,
    rowsOnly: sink.message_type === 'rows',
    bare: !sink.batch,
    keyOf,
    body(rows) {
      if (sink.batch) return makeBody((out) => printRows(out, rows))
      // whoever gets here would have messages acknowledged that nobody was sent
      if (rows.length > 1) throw new Error(`a bare message holds one, not ${rows.length}`)
      return makeBody((out) => printRow(out, rows[0]!))
    },
    rename: printer.rename,
    headers(batch, timestamp, body) {
      const signature = sign(keysAt(timestamp * 1000), batch.id, timestamp, body)
      return build(batch.id, batch.attempt, timestamp, signature)
    },
    // what differs per attempt comes last
    fixedHeaders: JSON.stringify(maskHeaders(build('', 0, 0, '').slice(0, -8), Object.keys(secretHeaders))),
    shownResponse: responseShower([
      ...Object.values(secretHeaders),
      ...Object.entries(endpoint.headers).flatMap(([name, value]) => (isSecretName(name) ? [value] : [])),
    ]),
  }
}
