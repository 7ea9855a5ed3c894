// A configuration document: everything that a person decides, in one file under version control.
import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { endpointInput } from '../schema/endpoint.ts'
import { retentionInput } from '../schema/retention.ts'
import { identifier } from '../schema/name.ts'
import { sinkEntry } from '../schema/sink.ts'

/** A retention of a document. */
export const retentionEntry = v.strictObject({ table: identifier, ...retentionInput.entries })

/** POST /api/config/plan and /apply. */
export const configDocument = v.pipe(
  v.strictObject({
    $schema: v.optional(v.pipe(v.string(), v.description('For editors; not read'))),
    endpoints: v.optional(v.pipe(v.array(endpointInput), v.maxLength(10_000)), () => []),
    sinks: v.optional(v.pipe(v.array(sinkEntry), v.maxLength(10_000)), () => []),
    retentions: v.optional(v.pipe(v.array(retentionEntry), v.maxLength(10_000)), () => []),
  }),
  v.metadata({ ref: 'ConfigDocument' }),
)
export type ConfigDocument = v.InferOutput<typeof configDocument>
export type RetentionEntry = v.InferOutput<typeof retentionEntry>

/** What one resource differs in. Secrets are masked. */
const difference = v.object({
  path: v.string(),
  before: v.optional(v.pipe(v.unknown(), v.description('Absent: it was not set'))),
  after: v.optional(v.pipe(v.unknown(), v.description('Absent: it is not set any more'))),
})

export const plannedChange = v.object({
  action: v.picklist(['create', 'update', 'delete']),
  kind: v.picklist(['endpoint', 'sink', 'retention']),
  name: v.string(),
  diff: v.array(difference),
  signing_secret: v.optional(
    v.pipe(v.string(), v.description('Made by apply for a new endpoint; shown this once')),
  ),
})
export type PlannedChange = v.InferOutput<typeof plannedChange>

/** The answer of plan and apply. */
export const planShown = v.pipe(v.object({ changes: v.array(plannedChange) }), v.metadata({ ref: 'Plan' }))

/** The JSON Schema of the document, for editors. */
export function documentJsonSchema(): object {
  return toJsonSchema(configDocument, { typeMode: 'input', errorMode: 'ignore' })
}
