// The OpenAPI 3.1 document, made from the same valibot schemas that check the requests, and the page that
// shows it to people.
import type { Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import type { OpenAPIV3_1 } from 'openapi-types'
import { version } from '../db/release.ts'
import type { ApiEnv } from './context.ts'
import { referencePage } from './reference/page.ts'

/** Adds /openapi.json and /docs, which describe all routes of `app`; both are made at the first request. */
export function addReference(app: Hono<ApiEnv>): void {
  let made: Promise<OpenAPIV3_1.Document> | undefined
  const document = () => (made ??= makeDocument(app))

  app.get('/openapi.json', async (c) => c.json(await document()))
  app.get('/docs', async (c) => {
    c.header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    )
    return c.html(referencePage(await document()))
  })
}

async function makeDocument(app: Hono<ApiEnv>): Promise<OpenAPIV3_1.Document> {
  const document = await generateSpecs(app, {
    // Validators answer with problem+json, which operation() describes for every route.
    defaultValidationErrorResponse: false,
    documentation: {
      info: {
        title: 'rowhook admin API',
        version,
        description:
          'Postgres row changes, delivered as webhooks. A resource is addressed by its name or its id. ' +
          'Lists take limit and cursor. Errors are application/problem+json.',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
  })
  const made = document as OpenAPIV3_1.Document
  for (const item of Object.values(made.paths ?? {})) {
    // A query string holds texts, and so says its schema; for callers it is a number.
    const parameters = (item?.get?.parameters ?? []) as OpenAPIV3_1.ParameterObject[]
    const limit = parameters.find((parameter) => parameter.name === 'limit')
    if (limit !== undefined) limit.schema = { type: 'integer', minimum: 1, maximum: 1000, default: 50 }
  }
  return made
}
