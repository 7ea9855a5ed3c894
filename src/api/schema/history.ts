// Shapes of backfills and replays.
import * as v from 'valibot'
import { historyStates } from '../store/history.ts'
import { identifier } from './name.ts'
import { timestampText } from './timestamp.ts'

// A JSON number beyond 2^53 has been rounded by the time it is seen, and would bound other rows.
const exact = v.pipe(
  v.number(),
  v.check(
    (number) => Math.abs(number) <= Number.MAX_SAFE_INTEGER,
    'is too large for a number; give it as text',
  ),
)
const bound = v.nullable(v.union([v.pipe(v.string(), v.maxLength(1000)), exact, v.boolean()]))
const condition = v.nullable(v.pipe(v.string(), v.maxLength(20_000)))

/** One table of a backfill. */
const backfillTable = v.strictObject({
  name: v.pipe(identifier, v.description("One of the sink's tables")),
  where: v.optional(v.pipe(condition, v.description('A SQL condition like a filter; may use now()')), null),
  sort_column: v.optional(
    v.pipe(v.nullable(identifier), v.description('Read in its order; default: the primary key')),
    null,
  ),
  start: v.optional(v.pipe(bound, v.description('Lowest value of sort_column, inclusive')), null),
  end: v.optional(v.pipe(bound, v.description('Highest value of sort_column, inclusive')), null),
})

/** POST …/backfills. */
export const backfillInput = v.pipe(
  v.strictObject({
    tables: v.optional(
      v.pipe(v.array(backfillTable), v.maxLength(1000), v.description("Default: all of the sink's tables")),
      () => [],
    ),
  }),
  v.metadata({ ref: 'BackfillInput' }),
)
export type BackfillInput = v.InferOutput<typeof backfillInput>

/** The same, or only a question. */
export const backfillRequest = v.strictObject({
  ...backfillInput.pipe[0].entries,
  dry_run: v.optional(v.pipe(v.boolean(), v.description('Only count the rows')), false),
})

/** POST …/replays. */
export const replayInput = v.pipe(
  v.strictObject({
    since: v.pipe(timestampText, v.description('commit_timestamp at or after')),
    until: v.optional(
      v.nullable(v.pipe(timestampText, v.description('commit_timestamp before; default: now'))),
      null,
    ),
    table_name: v.optional(
      v.pipe(v.nullable(identifier), v.description("Default: all of the sink's tables")),
      null,
    ),
    filter: v.optional(v.pipe(condition, v.description("And-ed to the sink's own; may use now()")), null),
    dry_run: v.optional(v.boolean(), false),
  }),
  v.metadata({ ref: 'ReplayInput' }),
)
export type ReplayInput = v.InferOutput<typeof replayInput>

const progress = {
  rows_total: v.pipe(v.nullable(v.number()), v.description('null: not counted yet')),
  rows_done: v.number(),
  error: v.nullable(v.string()),
  created_at: v.string(),
  completed_at: v.nullable(v.string()),
}

export const backfillShown = v.pipe(
  v.object({ id: v.string(), state: v.picklist(historyStates), tables: v.array(v.string()), ...progress }),
  v.metadata({ ref: 'Backfill' }),
)

export const replayShown = v.pipe(
  v.object({
    id: v.string(),
    state: v.picklist(historyStates),
    since: v.nullable(v.string()),
    until: v.nullable(v.string()),
    table_name: v.nullable(v.string()),
    filter: v.nullable(v.string()),
    ...progress,
  }),
  v.metadata({ ref: 'Replay' }),
)

export const backfillCounted = v.object({
  dry_run: v.literal(true),
  rows_total: v.pipe(v.nullable(v.number()), v.description('About, for large tables; null: not known')),
})

/** The answer to a dry run. */
export const replayCounted = v.object({ dry_run: v.literal(true), rows_total: v.number() })
