// GET /docs: the OpenAPI document as a page to read. It loads nothing, from here or elsewhere, and runs
// no script, so it works in a closed network and under the strictest policy.
import { html } from 'hono/html'
import type { OpenAPIV3_1 } from 'openapi-types'
import { type Field, fieldsOf } from './fields.ts'
import { style } from './style.ts'

type Document = OpenAPIV3_1.Document
type Html = ReturnType<typeof html>

interface Operation {
  method: string
  path: string
  anchor: string
  spec: OpenAPIV3_1.OperationObject
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

/** The whole page. */
export function referencePage(document: Document): Html {
  const byTag = Map.groupBy(operationsOf(document), ({ spec }) => spec.tags?.[0] ?? 'Other')
  const sections = [...byTag].map(([tag, operations]) => ({ tag, id: tag.toLowerCase(), operations }))
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${document.info.title}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <nav aria-label="Resources">
          <strong>rowhook ${document.info.version}</strong>
          <ul>
            ${sections.map(({ tag, id }) => html`<li><a href="#${id}">${tag}</a></li>`)}
          </ul>
          <a href="/openapi.json">OpenAPI 3.1</a>
          <a href="/config.schema.json">JSON Schema of the configuration</a>
        </nav>
        <main>
          <h1>${document.info.title}</h1>
          <p>${document.info.description}</p>
          <p>
            Every request below <code>/api</code> carries <code>Authorization: Bearer …</code>. A POST may
            carry an <code>Idempotency-Key</code>: sent again, it is answered as before and not carried out
            again. What has an <code>ETag</code> takes <code>If-Match</code> in PATCH and DELETE.
          </p>
          ${sections.map(
            ({ tag, id, operations }) =>
              html`<section id="${id}">
                <h2>${tag}</h2>
                ${operations.map((operation) => operationSection(document, operation))}
              </section>`,
          )}
        </main>
      </body>
    </html>`
}

function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const spec = item?.[method]
      return spec === undefined
        ? []
        : [
            {
              method: method.toUpperCase(),
              path,
              anchor: `${method}${path.replaceAll(/[^a-z]+/gi, '-')}`,
              spec,
            },
          ]
    }),
  )
}

function operationSection(document: Document, { method, path, anchor, spec }: Operation): Html {
  const parameters = (spec.parameters ?? []) as OpenAPIV3_1.ParameterObject[]
  const query = parameters.filter((parameter) => parameter.in === 'query')
  const [status, success] = Object.entries(spec.responses ?? {}).find(([code]) => code.startsWith('2')) ?? []
  return html`<article id="${anchor}">
    <h3><code class="method ${method.toLowerCase()}">${method}</code> <code>${path}</code></h3>
    <p>${spec.summary}.${spec.description === undefined ? '' : ` ${spec.description}`}</p>
    ${
      query.length === 0
        ? ''
        : fieldTable(
            'Query',
            query.map(({ name, schema, description, required }) => ({
              ...fieldsOf(document, {
                type: 'object',
                properties: { [name]: schema as OpenAPIV3_1.SchemaObject },
              })[0]!,
              description: description ?? '',
              required: required ?? false,
            })),
          )
    }
    ${fieldTable('Body', fieldsOf(document, schemaIn(spec.requestBody)))}
    ${fieldTable(`Answer ${status ?? ''}`, fieldsOf(document, schemaIn(success)))}
  </article>`
}

function schemaIn(part: unknown): OpenAPIV3_1.SchemaObject | undefined {
  const { content } = (part ?? {}) as OpenAPIV3_1.RequestBodyObject
  return content?.['application/json']?.schema as OpenAPIV3_1.SchemaObject | undefined
}

function fieldTable(caption: string, fields: Field[]): Html | string {
  if (fields.length === 0) return ''
  return html`<table>
    <caption>
      ${caption}
    </caption>
    <tbody>
      ${fields.map(
        ({ path, type, required, fallback, description }) =>
          html`<tr>
            <th scope="row"><code>${path}</code>${required ? '' : html` <small>optional</small>`}</th>
            <td><code>${type}</code></td>
            <td>
              ${description}${fallback === undefined ? '' : html` <small>Default <code>${fallback}</code></small>`}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`
}
