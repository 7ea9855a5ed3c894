// /api/config: endpoints, sinks and retentions as one document.
import { type Context, Hono } from 'hono'
import { resolver } from 'hono-openapi'
import * as v from 'valibot'
import { stringify } from 'yaml'
import type { ApiEnv, ApiOptions } from '../context.ts'
import { operation } from '../operation.ts'
import { bodyText, query } from '../request.ts'
import { applyDocument } from './apply.ts'
import { exportDocument } from './export.ts'
import { parseConfigDocument } from './parse.ts'
import { planDocument, showStep } from './plan.ts'
import { configDocument, planShown } from './schema.ts'

const tag = 'Configuration'

const planQuery = v.strictObject({
  prune: v.pipe(
    v.optional(v.picklist(['true', 'false']), 'false'),
    v.transform((text) => text === 'true'),
    v.description('Also remove what the document lacks'),
  ),
})

const exportQuery = v.strictObject({
  format: v.optional(v.pipe(v.picklist(['json', 'yaml']), v.description('JSON is YAML too')), 'json'),
})

const requestBody = {
  required: true,
  description: 'A document, as YAML or JSON. Variables in it are for the command line to fill in.',
  content: {
    'application/yaml': { schema: resolver(configDocument) },
    'application/json': { schema: resolver(configDocument) },
  },
}

export function configRoutes(options: ApiOptions): Hono<ApiEnv> {
  const { sql, db, config } = options
  const app = new Hono<ApiEnv>()

  app.post(
    '/plan',
    operation({ tag, summary: 'Show what a document would change', requestBody, answer: planShown }),
    query(planQuery),
    async (c) => {
      const document = await documentOf(c)
      const steps = await planDocument({ sql, db, rules: config }, document, c.req.valid('query').prune)
      return c.json({ changes: steps.map(showStep) })
    },
  )

  app.post(
    '/apply',
    operation({
      tag,
      summary: 'Make the configuration that of a document',
      description: 'All of it or nothing. Secrets that the document does not name stay as they are.',
      requestBody,
      answer: planShown,
    }),
    query(planQuery),
    async (c) => {
      const document = await documentOf(c)
      const changes = await applyDocument(options, c.get('actor'), document, c.req.valid('query').prune)
      return c.json({ changes })
    },
  )

  app.get(
    '/export',
    operation({
      tag,
      summary: 'Export the configuration as a document',
      description: 'Secrets are left out.',
      answer: configDocument,
    }),
    query(exportQuery),
    async (c) => {
      const document = await exportDocument(db)
      if (c.req.valid('query').format === 'json') return c.json(document)
      return c.body(stringify(document), 200, { 'content-type': 'application/yaml' })
    },
  )

  return app
}

async function documentOf(c: Context) {
  return parseConfigDocument(await bodyText(c))
}
