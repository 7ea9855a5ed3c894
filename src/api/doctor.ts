// GET /api/doctor: what `rowhook doctor` prints. The checks are in src/doctor.
import { Hono } from 'hono'
import * as v from 'valibot'
import { examine } from '../doctor/examine.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { operation } from './operation.ts'

const findingShown = v.pipe(
  v.object({
    check: v.pipe(v.string(), v.description('Such as triggers')),
    level: v.picklist(['ok', 'note', 'warning', 'problem']),
    message: v.string(),
    todo: v.pipe(v.nullable(v.string()), v.description('What to do about it')),
  }),
  v.metadata({ ref: 'Finding' }),
)

const reportShown = v.pipe(
  v.object({
    status: v.pipe(
      v.picklist(['ok', 'warning', 'problem']),
      v.description('The worst level among the findings'),
    ),
    findings: v.array(findingShown),
  }),
  v.metadata({ ref: 'DoctorReport' }),
)

export function doctorRoutes({
  sql,
  config,
  reach,
}: Pick<ApiOptions, 'sql' | 'config' | 'reach'>): Hono<ApiEnv> {
  return new Hono<ApiEnv>().get(
    '/',
    operation({
      tag: 'Doctor',
      summary: 'Examine everything that may be wrong, and say what to do about it',
      description:
        'Versions, triggers, capture, rights, connection, partitions, dispatchers, sinks, endpoints, secrets, ' +
        'clocks. Takes some seconds where receivers do not answer.',
      answer: reportShown,
    }),
    async (c) => c.json(await examine({ sql, keyRing: config.keyRing, reach })),
  )
}
