// Errors → application/problem+json (RFC 9457). The only place of the API that turns an error into
// text. Nothing unknown is shown: a driver's error may quote a row or a connection string.
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import * as v from 'valibot'
import { InputError, RowhookError } from '../errors.ts'
import { fromDatabase } from './databaseError.ts'

const titles: Record<number, string> = {
  400: 'Bad input',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  409: 'Conflict',
  412: 'Changed meanwhile',
  413: 'Body too large',
  422: 'Idempotency key reused',
  429: 'Too many failed logins',
  500: 'Internal error',
  503: 'Unavailable',
}

/** The body of every error answer. */
export const problemSchema = v.pipe(
  v.object({
    type: v.pipe(v.string(), v.description('urn:rowhook: and a stable code')),
    title: v.string(),
    status: v.number(),
    detail: v.pipe(v.string(), v.description('What is wrong, and the next step')),
    request_id: v.optional(v.string()),
    errors: v.optional(
      v.array(
        v.object({
          path: v.pipe(v.string(), v.description('Where in the body, such as tables[0].filter')),
          message: v.string(),
          position: v.optional(
            v.pipe(v.number(), v.description('1-based, in characters, in the text at path')),
          ),
        }),
      ),
    ),
  }),
  v.metadata({ ref: 'Problem' }),
)

/** Answers with what `error` says, or with a bare 500 when it is none of ours. */
export function problemResponse(c: Context, error: unknown): Response {
  const known = asRowhookError(error)
  const status = known?.status ?? 500
  const problem: v.InferOutput<typeof problemSchema> = {
    type: `urn:rowhook:${known?.code ?? 'internal'}`,
    title: titles[status] ?? 'Error',
    status,
    detail: known === undefined ? 'The server failed; its log has the details.' : detailOf(known),
    request_id: c.get('requestId'),
  }
  if (known instanceof InputError)
    problem.errors = known.problems.map(({ path, message, position }) => ({
      path,
      message,
      ...(position === undefined ? {} : { position }),
    }))
  return c.body(JSON.stringify(problem), status as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
  })
}

/** The rowhook error that `error` is or stands for; undefined: nobody expected it. */
export function asRowhookError(error: unknown): RowhookError | undefined {
  if (error instanceof RowhookError) return error
  if (error instanceof HTTPException) return new HttpProblem(error.status, error.message)
  return fromDatabase(error)
}

/** An error of HTTP itself, for the statuses that have no class in errors.ts. */
export class HttpProblem extends RowhookError {
  override readonly code: string
  override readonly status: number

  constructor(
    status: number,
    message: string,
    code = (titles[status] ?? 'http').toLowerCase().replaceAll(' ', '_'),
  ) {
    super(message)
    this.status = status
    this.code = code
  }
}

function detailOf({ message, hint }: RowhookError): string {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`
  return hint === undefined ? sentence : `${sentence} ${hint}`
}
