// GET /openapi.json: made from the same valibot schemas that check the requests.
import type { Hono, MiddlewareHandler } from 'hono'
import { openAPIRouteHandler } from 'hono-openapi'
import { version } from '../db/release.ts'
import type { ApiEnv } from './context.ts'

/** Serves the OpenAPI 3.1 document of `app`, made at the first request. */
export function openApiRoute(app: Hono<ApiEnv>): MiddlewareHandler {
  return openAPIRouteHandler(app, {
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
}
