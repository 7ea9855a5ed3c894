// A JSON Schema as the rows of a table: a line per field, nested ones with their path.
import type { OpenAPIV3_1 } from 'openapi-types'

type Schema = OpenAPIV3_1.SchemaObject | OpenAPIV3_1.ReferenceObject

/** A line of the table. */
export interface Field {
  /** `tables[].name` */
  path: string
  /** In words: `"insert" | "update"`, `whole number, 1 to 1000`. */
  type: string
  required: boolean
  /** As JSON; undefined: there is none. */
  fallback: string | undefined
  description: string
}

/** The fields of a schema, from the top down; empty where it has none. */
export function fieldsOf(document: OpenAPIV3_1.Document, schema: Schema | undefined, prefix = ''): Field[] {
  const { properties = {}, required = [] } = resolve(document, schema)
  return Object.entries(properties).flatMap(([name, property]) => {
    const field = resolve(document, property)
    const path = prefix === '' ? name : `${prefix}.${name}`
    const line: Field = {
      path,
      type: typeOf(document, field),
      required: required.includes(name) && field.default === undefined,
      fallback: field.default === undefined ? undefined : JSON.stringify(field.default),
      description: field.description ?? '',
    }
    // The rows of a list are what its resource is, and that is shown in full where one is read.
    const isPage = path === 'data' && 'next_cursor' in properties
    const items = field.type === 'array' && !isPage ? resolve(document, field.items) : undefined
    return [
      line,
      ...fieldsOf(document, field, path),
      ...(items === undefined ? [] : fieldsOf(document, items, `${path}[]`)),
    ]
  })
}

function resolve(document: OpenAPIV3_1.Document, schema: Schema | undefined): OpenAPIV3_1.SchemaObject {
  if (schema === undefined) return {}
  if (!('$ref' in schema)) return schema
  return (document.components?.schemas?.[nameOf(schema)] ?? {}) as OpenAPIV3_1.SchemaObject
}

function nameOf({ $ref }: OpenAPIV3_1.ReferenceObject): string {
  return $ref.split('/').at(-1)!
}

function typeOf(document: OpenAPIV3_1.Document, given: Schema | undefined): string {
  if (given !== undefined && '$ref' in given) return nameOf(given)
  const schema = resolve(document, given)
  const options = schema.anyOf ?? schema.oneOf
  if (options !== undefined)
    return [...new Set(options.map((option) => typeOf(document, option)))].join(' | ')
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.type === 'array') return `list of ${typeOf(document, schema.items)}`
  if (schema.type === 'integer') return `whole number${range(schema)}`
  if (schema.type === 'number') return `number${range(schema)}`
  return schema.type === undefined ? 'any' : String(schema.type)
}

function range({ minimum, maximum }: OpenAPIV3_1.SchemaObject): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`
  return minimum === undefined ? '' : `, at least ${minimum}`
}
