// The OpenAPI half of a route: what it is for and what it answers. What it takes is described by the
// validators in request.ts, from the schemas that check.
import type { MiddlewareHandler } from 'hono'
import { describeRoute, resolver } from 'hono-openapi'
import type * as v from 'valibot'
import { problemSchema } from './problem.ts'

/** One operation of the API. */
export interface Operation {
  /** One line, an imperative. */
  summary: string
  description?: string
  /** Groups operations in the reference. */
  tag: string
  /** Default 200. 204 has no answer. */
  status?: 200 | 201 | 204
  answer?: v.GenericSchema
  /** Needs no token. */
  open?: true
  /** Besides the usual ones. */
  responses?: NonNullable<Parameters<typeof describeRoute>[0]['responses']>
  /** Besides JSON, for answers and bodies in other formats. */
  requestBody?: NonNullable<Parameters<typeof describeRoute>[0]['requestBody']>
}

const problem = {
  description: 'What went wrong',
  content: { 'application/problem+json': { schema: resolver(problemSchema) } },
}

/** Describes a route in the OpenAPI document; does nothing at run time. */
export function operation({
  summary,
  description,
  tag,
  status = 200,
  answer,
  open,
  responses,
  requestBody,
}: Operation): MiddlewareHandler {
  const success =
    answer === undefined ? {} : { content: { 'application/json': { schema: resolver(answer) } } }
  return describeRoute({
    summary,
    tags: [tag],
    ...(description === undefined ? {} : { description }),
    ...(requestBody === undefined ? {} : { requestBody }),
    ...(open === undefined ? {} : { security: [] }),
    responses: {
      [status]: { description: status === 204 ? 'Done' : 'Success', ...success },
      '4XX': problem,
      '5XX': problem,
      ...responses,
    },
  })
}
