// Shapes of an endpoint: as it is given, changed, and shown. Fields only; what a URL, header or
// certificate must satisfy is checked by src/deliver, which has to live with them.
import * as v from 'valibot'
import { name } from './name.ts'

/**
 * Stands for a stored secret in answers. Sent back, it means "as it is", so that a person can read
 * the headers, change one and send them all.
 */
export const mask = '***'

const headers = v.pipe(v.record(v.string(), v.string()), v.description('Sent with every request'))
const encryptedHeaders = v.pipe(
  v.record(v.string(), v.nullable(v.string())),
  v.description(
    `Sent with every request, encrypted at rest, shown as ${mask}. A change names only what differs; null removes one`,
  ),
)
const pem = v.nullable(v.pipe(v.string(), v.maxLength(100_000)))

const fields = {
  url: v.pipe(v.string(), v.maxLength(2048), v.description('http or https; private addresses are refused')),
  headers,
  encrypted_headers: encryptedHeaders,
  signing_secret: v.pipe(
    v.nullable(v.pipe(v.string(), v.maxLength(200))),
    v.description('whsec_ and 24 to 64 bytes in base64; null: one is made when there is none'),
  ),
  ca_certificate: v.pipe(pem, v.description('PEM; trusted instead of the public authorities')),
  client_certificate: v.pipe(pem, v.description('PEM; for receivers that ask for one')),
  client_key: v.pipe(pem, v.description(`PEM, encrypted at rest, shown as ${mask}`)),
}

/** POST /api/endpoints, and an entry of a configuration document. */
export const endpointInput = v.pipe(
  v.strictObject({
    name,
    url: fields.url,
    headers: v.optional(fields.headers, {}),
    encrypted_headers: v.optional(fields.encrypted_headers, {}),
    signing_secret: v.optional(fields.signing_secret, null),
    ca_certificate: v.optional(fields.ca_certificate, null),
    client_certificate: v.optional(fields.client_certificate, null),
    // No default: what a configuration document does not name of the secrets stays as it is.
    client_key: v.optional(fields.client_key),
  }),
  v.metadata({ ref: 'EndpointInput' }),
)
export type EndpointInput = v.InferOutput<typeof endpointInput>

/** PATCH /api/endpoints/:endpoint. */
export const endpointPatch = v.pipe(
  v.partial(v.strictObject({ name, ...fields })),
  v.metadata({ ref: 'EndpointPatch' }),
)
export type EndpointPatch = v.InferOutput<typeof endpointPatch>

/** An endpoint as it is shown. */
export const endpointShown = v.pipe(
  v.object({
    id: v.string(),
    name: v.string(),
    url: v.string(),
    headers: v.record(v.string(), v.string()),
    encrypted_headers: v.record(v.string(), v.string()),
    signing_secrets: v.pipe(
      v.array(v.object({ created_at: v.string(), expires_at: v.nullable(v.string()) })),
      v.description('Secrets that sign now, newest first'),
    ),
    ca_certificate: v.nullable(v.string()),
    client_certificate: v.nullable(v.string()),
    client_key: v.nullable(v.string()),
    created_at: v.string(),
    updated_at: v.string(),
  }),
  v.metadata({ ref: 'Endpoint' }),
)
export type EndpointShown = v.InferOutput<typeof endpointShown>

/** The same, when it is read. */
export const endpointInUse = v.pipe(
  v.object({
    ...endpointShown.pipe[0].entries,
    sinks: v.pipe(
      v.array(v.object({ id: v.string(), name: v.string() })),
      v.description('The sinks that send to it'),
    ),
  }),
  v.metadata({ ref: 'EndpointInUse' }),
)
export type EndpointInUse = v.InferOutput<typeof endpointInUse>

/** The answer to a POST or PATCH that made a signing secret. */
export const endpointAnswer = v.object({
  ...endpointShown.pipe[0].entries,
  signing_secret: v.optional(v.pipe(v.string(), v.description('Shown this once'))),
})

/** POST /api/endpoints/:endpoint/rotate-secret. */
export const rotateInput = v.strictObject({
  overlap_hours: v.optional(
    v.pipe(
      v.number(),
      v.finite(),
      v.minValue(0),
      v.maxValue(8760),
      v.description('How long the old secret goes on signing too'),
    ),
    24,
  ),
})

/** The outcome of POST /api/endpoints/:endpoint/test. */
export const testShown = v.object({
  outcome: v.picklist(['ok', 'failed']),
  status: v.nullable(v.number()),
  duration_ms: v.number(),
  error: v.nullable(v.string()),
  response: v.nullable(v.string()),
})
