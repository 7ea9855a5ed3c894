// Shapes of a sink: as it is given, changed, and shown. Names of tables and columns, and filters, are
// checked against the database by src/capture.
import * as v from 'valibot'
import { backfillInput } from './history.ts'
import { identifier, name, reference } from './name.ts'

function wholeNumber(minimum: number, maximum: number) {
  return v.pipe(v.number(), v.integer(), v.minValue(minimum), v.maxValue(maximum))
}

/** A filter: SQL, or the structured form that src/filter reads. */
export const filterText = v.pipe(
  v.nullable(
    v.union([v.pipe(v.string(), v.maxLength(20_000)), v.array(v.looseObject({})), v.looseObject({})]),
  ),
  v.description('A SQL boolean expression over the row'),
)

/** One table of a sink. */
export const tableInput = v.pipe(
  v.strictObject({
    name: v.pipe(identifier, v.description('A SQL identifier; without a schema: public')),
    actions: v.optional(
      v.pipe(v.array(v.picklist(['insert', 'update', 'delete', 'truncate'])), v.nonEmpty()),
      () => ['insert' as const, 'update' as const, 'delete' as const],
    ),
    filter: v.optional(filterText, null),
    group_by: v.optional(
      v.pipe(
        v.nullable(v.pipe(v.array(identifier), v.maxLength(32))),
        v.description('Columns whose values keep order; null: the primary key; []: no order'),
      ),
      null,
    ),
    exclude_columns: v.optional(v.pipe(v.array(identifier), v.maxLength(1600)), () => []),
    unchanged: v.optional(
      v.pipe(v.boolean(), v.description('Also send updates that change nothing that is sent')),
      false,
    ),
    stale_reason: v.optional(
      v.pipe(
        v.string(),
        v.description("Why this table's changes wait; shown, and ignored where it is given"),
      ),
    ),
  }),
  v.metadata({ ref: 'SinkTable' }),
)

const fields = {
  endpoint: v.pipe(reference, v.description('Name or id')),
  path: v.pipe(
    v.string(),
    v.maxLength(2048),
    v.regex(/^(?:[/?][^\s#\p{Cc}]*)?$/u, 'must begin with / or ? and hold no spaces and no #'),
    v.description("Put behind the endpoint's URL"),
  ),
  tables: v.pipe(v.array(tableInput), v.nonEmpty(), v.maxLength(1000)),
  message_type: v.picklist(['changes', 'rows']),
  batch: v.boolean(),
  batch_size: wholeNumber(1, 1000),
  batch_timeout_ms: v.pipe(
    wholeNumber(0, 300_000),
    v.description('How long an unfilled batch may wait for more'),
  ),
  request_timeout_ms: v.pipe(wholeNumber(500, 300_000), v.description('For the whole exchange')),
  max_retry_count: v.pipe(v.nullable(wholeNumber(0, 2_147_483_647)), v.description('null: retry for ever')),
  concurrency: v.pipe(wholeNumber(1, 1000), v.description('Requests in flight at most')),
  rate_limit: v.pipe(
    v.nullable(v.pipe(v.number(), v.finite(), v.gtValue(0))),
    v.description('Requests a second at most; null: no limit'),
  ),
  compression: v.pipe(v.nullable(v.picklist(['gzip'])), v.description('content-encoding of the requests')),
  max_message_bytes: v.pipe(
    v.nullable(wholeNumber(1, 2_147_483_647)),
    v.description('A longer message is discarded with an error; null: no limit'),
  ),
  alert_endpoint: v.pipe(
    v.nullable(reference),
    v.description('Endpoint that is told when this sink fails, pauses or recovers'),
  ),
  status: v.picklist(['active', 'paused', 'disabled']),
}

const backfill = v.pipe(
  v.nullable(backfillInput),
  v.description('Of the rows that are there when the sink is made; null: none'),
)

const given = {
  name,
  endpoint: fields.endpoint,
  path: v.optional(fields.path, ''),
  tables: fields.tables,
  message_type: v.optional(fields.message_type, 'changes'),
  batch: v.optional(fields.batch, true),
  batch_size: v.optional(fields.batch_size, 1),
  batch_timeout_ms: v.optional(fields.batch_timeout_ms, 0),
  request_timeout_ms: v.optional(fields.request_timeout_ms, 30_000),
  max_retry_count: v.optional(fields.max_retry_count, null),
  concurrency: v.optional(fields.concurrency, 16),
  rate_limit: v.optional(fields.rate_limit, null),
  compression: v.optional(fields.compression, null),
  max_message_bytes: v.optional(fields.max_message_bytes, null),
  alert_endpoint: v.optional(fields.alert_endpoint, null),
  backfill: v.optional(backfill, null),
}

/** A sink of a configuration document. */
export const sinkEntry = v.pipe(
  // No default: a document that does not say it leaves a sink paused that somebody has paused.
  v.strictObject({ ...given, status: v.optional(fields.status) }),
  v.metadata({ ref: 'SinkEntry' }),
)
export type SinkEntry = v.InferOutput<typeof sinkEntry>

/** POST /api/sinks. */
export const sinkInput = v.pipe(
  v.strictObject({ ...given, status: v.optional(fields.status, 'active') }),
  v.metadata({ ref: 'SinkInput' }),
)
export type SinkInput = v.InferOutput<typeof sinkInput>

/** PATCH /api/sinks/:sink. */
export const sinkPatch = v.pipe(
  v.partial(v.strictObject({ name, ...fields, backfill })),
  v.metadata({ ref: 'SinkPatch' }),
)
export type SinkPatch = v.InferOutput<typeof sinkPatch>

const count = v.pipe(v.number(), v.integer())

/** How a sink does, as GET shows it. */
export const sinkStats = v.object({
  health: v.picklist(['ok', 'degraded', 'failing', 'stale', 'paused', 'disabled']),
  pending: count,
  delivered: count,
  failing: count,
  discarded: count,
  lag_ms: v.nullable(v.number()),
  blocked_groups: count,
  last_error: v.nullable(v.string()),
  throughput: v.object({ messages_per_second: v.number() }),
})
export type SinkStats = v.InferOutput<typeof sinkStats>

/** A sink as it is shown. */
export const sinkShown = v.pipe(
  v.object({
    id: v.string(),
    name: v.string(),
    endpoint: v.string(),
    path: v.string(),
    tables: v.array(v.object(tableInput.pipe[0].entries)),
    message_type: fields.message_type,
    batch: v.boolean(),
    batch_size: v.number(),
    batch_timeout_ms: v.number(),
    request_timeout_ms: v.number(),
    max_retry_count: v.nullable(v.number()),
    concurrency: v.number(),
    rate_limit: v.nullable(v.number()),
    compression: fields.compression,
    max_message_bytes: v.nullable(v.number()),
    alert_endpoint: v.nullable(v.string()),
    status: fields.status,
    backfill: v.pipe(v.nullable(backfillInput), v.description('The one that the sink was made with')),
    status_reason: v.pipe(v.nullable(v.string()), v.description('Why rowhook itself changed the status')),
    created_at: v.string(),
    updated_at: v.string(),
    ...sinkStats.entries,
    capture: v.optional(
      v.pipe(
        v.array(
          v.object({
            table: v.string(),
            triggers: v.array(v.string()),
            partitions: v.pipe(v.number(), v.description('Partitions and child tables that have them too')),
          }),
        ),
        v.description('In answers to POST, and to a PATCH of tables: the triggers that are in place'),
      ),
    ),
  }),
  v.metadata({ ref: 'Sink' }),
)
export type SinkShown = v.InferOutput<typeof sinkShown>
