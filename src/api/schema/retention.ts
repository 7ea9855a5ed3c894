// How long every change of a table is kept, wanted by a sink or not.
import * as v from 'valibot'
import { filterText } from './sink.ts'

/** PUT /api/tables/:table/retention. */
export const retentionInput = v.strictObject({
  keep: v.pipe(
    v.string(),
    v.nonEmpty(),
    v.maxLength(100),
    v.description('An interval of Postgres, such as 30 days'),
  ),
  filter: v.optional(filterText, null),
})
export type RetentionInput = v.InferOutput<typeof retentionInput>
