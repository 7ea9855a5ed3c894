// POST /api/filters/check: whether a filter is one, and what it would have let through.
import { Hono } from 'hono'
import * as v from 'valibot'
import { checkFilter } from '../capture/filter-check.ts'
import { findTable } from '../capture/resolve.ts'
import { InputError } from '../errors.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'
import { body } from './request.ts'
import { identifier } from './schema/name.ts'
import { tryFilter } from './store/filterTrial.ts'
import { sourceIdsOf } from './store/sources.ts'

/** How many of the last changes a filter is tried on. */
const trialSize = 1000

/** Any text: what is wrong with it, an empty or a very long one too, is the answer. */
const checkedFilter = v.nullable(v.union([v.string(), v.array(v.looseObject({})), v.looseObject({})]))

const checkInput = v.strictObject({ table: identifier, filter: checkedFilter })

const checkAnswer = v.variant('valid', [
  v.object({
    valid: v.literal(true),
    scanned: v.pipe(v.number(), v.description('Retained changes that it was tried on, 1000 at most')),
    matched: v.number(),
  }),
  v.object({
    valid: v.literal(false),
    error: v.string(),
    position: v.pipe(v.nullable(v.number()), v.description('1-based, in characters')),
  }),
])

export function filterRoutes({ sql, db }: Pick<ApiOptions, 'sql' | 'db'>): Hono<ApiEnv> {
  return new Hono<ApiEnv>().post(
    '/check',
    operation({
      tag: 'Filters',
      summary: 'Check a filter, and try it on the last changes',
      answer: checkAnswer,
    }),
    body(checkInput),
    async (c) => {
      const { table, filter } = c.req.valid('json')
      const { relid } = await findTable(sql, table, 'table')
      try {
        const parts =
          filter === null ? null : (await checkFilter(sql, relid, filter as string, 'filter')).parts
        const [sourceId] = await sourceIdsOf(db, [relid])
        const trial =
          sourceId === undefined
            ? { scanned: 0, matched: 0 }
            : await tryFilter(sql, sourceId, parts, trialSize)
        return c.json({ valid: true, ...trial })
      } catch (error) {
        if (!(error instanceof InputError)) throw error
        const [problem] = error.problems
        const text = [problem!.message, error.hint].filter((part) => part !== undefined).join('. ')
        return c.json({ valid: false, error: text, position: problem!.position ?? null })
      }
    },
  )
}
