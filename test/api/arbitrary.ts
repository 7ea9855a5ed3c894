// Requests made up from an OpenAPI document: mostly of the right shape, with something wrong or hostile
// in most of them.
import fc from 'fast-check'

// oxlint-disable-next-line typescript/no-explicit-any -- a JSON Schema
type Schema = any

/** An operation of the document, and what it takes. */
export interface Operation {
  method: string
  /** With its parameters in braces. */
  path: string
  parameters: { name: string; in: 'path' | 'query'; schema: Schema }[]
  /** Undefined: it takes none. */
  body: Schema
}

/** A request for an operation. */
export interface MadeUpRequest {
  url: string
  body: string | undefined
}

/** Stands wherever a secret belongs; it must come back in no answer. */
export const secretMarker = 's3cr3t-m4rk3r'

const hostile = [
  '',
  ' ',
  '.',
  '..',
  '\0',
  'a\0b',
  '\r\nset-cookie: a=b',
  "'; drop schema rowhook cascade; --",
  '"; select pg_sleep(60); --',
  '$1',
  '%s%I%L',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '${process.env.HOME}',
  '__proto__',
  'constructor',
  '👩‍👩‍👧‍👦\u202E',
  '\ud800',
  'a'.repeat(70_000),
  'null',
  '-1',
  '1e400',
  '9223372036854775808',
  '00000000-0000-0000-0000-000000000000',
  'http://[::ffff:127.0.0.1]:1/',
  'infinity',
  '294277-01-01T00:00:00Z',
  '((((((((((true))))))))))',
  'repeat(',
  'pg_catalog.pg_authid',
  'public.orders',
  'orders',
  'e',
]

const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...hostile),
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER + 1,
    [],
    {},
    [[]],
    [null],
    [{}],
  ),
  fc.constant(0).map(() => nested(500)),
  fc.constant(0).map(() => Array.from({ length: 2000 }, (_, i) => i)),
  fc.jsonValue({ maxDepth: 3 }),
)

function nested(depth: number): unknown {
  let value: unknown = 'x'
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}

/** The operations of an OpenAPI document below a path. */
export function operationsOf(document: Schema, prefix: string): Operation[] {
  return Object.entries<Schema>(document.paths)
    .filter(([path]) => path.startsWith(prefix))
    .flatMap(([path, methods]) =>
      Object.entries<Schema>(methods).map(([method, { parameters = [], requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        parameters,
        body: requestBody?.content['application/json']?.schema,
      })),
    )
}

/** Requests for an operation, right and wrong. */
export function requestFor(
  operation: Operation,
  components: Schema,
  names: readonly string[],
): fc.Arbitrary<MadeUpRequest> {
  const inPath = operation.parameters.filter((parameter) => parameter.in === 'path')
  const inQuery = operation.parameters.filter((parameter) => parameter.in === 'query')
  const path = fc.tuple(
    ...inPath.map(() =>
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...names) },
        { weight: 1, arbitrary: fc.constantFrom(...hostile) },
      ),
    ),
  )
  const query = fc.tuple(
    ...inQuery.map(({ schema }) =>
      fc.option(
        fc.oneof(
          { weight: 2, arbitrary: valid(schema, components) },
          { weight: 1, arbitrary: fc.constantFrom(...hostile) },
        ),
        { nil: undefined },
      ),
    ),
  )
  return fc
    .record({ path, query, body: bodyFor(operation.body, components) })
    .map(({ path, query, body }) => {
      let i = 0
      const filled = operation.path.replace(/\{\w+\}/g, () => encode(path[i++]!))
      const search = inQuery.flatMap(({ name }, j) =>
        query[j] === undefined ? [] : [`${name}=${encode(textOf(query[j]))}`],
      )
      return { url: search.length === 0 ? filled : `${filled}?${search.join('&')}`, body }
    })
}

function bodyFor(schema: Schema, components: Schema): fc.Arbitrary<string | undefined> {
  if (schema === undefined) return fc.constantFrom(undefined, '{}', '{"unknown":1}', 'no json', '[]')
  return fc.oneof(
    { weight: 8, arbitrary: broken(schema, components).map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: valid(schema, components).map((value) => JSON.stringify(value)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        '{',
        'null',
        '"text"',
        '\0',
        '{"a":1}{"b":2}',
        '['.repeat(100_000) + ']'.repeat(100_000),
        'a: b',
        '- !!x y',
        '{"__proto__":{"a":1}}',
      ),
    },
  )
}

/** Values of a schema in which one or several places hold junk, or are missing, or are too many. */
function broken(schema: Schema, components: Schema): fc.Arbitrary<unknown> {
  return fc
    .tuple(
      valid(schema, components),
      fc.array(fc.tuple(fc.nat(), fc.nat(3), junk), { minLength: 1, maxLength: 3 }),
    )
    .map(([value, mutations]) => {
      const root = { root: structuredClone(value) }
      for (const [place, kind, replacement] of mutations)
        mutate(root, place, kind, structuredClone(replacement))
      return root.root
    })
}

function mutate(root: object, place: number, kind: number, replacement: unknown): void {
  const places: [Record<string, unknown>, string][] = []
  const collect = (holder: object): void => {
    for (const key of Object.keys(holder)) {
      places.push([holder as Record<string, unknown>, key])
      const child = (holder as Record<string, unknown>)[key]
      if (typeof child === 'object' && child !== null) collect(child)
    }
  }
  collect(root)
  const [holder, key] = places[place % places.length]!
  if (kind === 0 && holder !== root) delete holder[key]
  else if (kind === 1) holder[`${key}_`] = replacement
  else holder[key] = replacement
}

/** Values that fit a schema, as far as a schema can say. */
function valid(schema: Schema, components: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return valid(components.schemas[schema.$ref.split('/').at(-1)], components)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const options = schema.anyOf ?? schema.oneOf
  if (options !== undefined) return fc.oneof(...options.map((option: Schema) => valid(option, components)))
  switch (schema.type) {
    case 'object':
      return objectOf(schema, components)
    case 'array':
      return fc.array(valid(schema.items ?? {}, components), { minLength: 1, maxLength: 3 })
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1000 })
    case 'number':
      return fc.double({ min: schema.minimum ?? 0.1, max: schema.maximum ?? 1000, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'string':
      return fc.constantFrom(...words)
    default:
      return fc.constantFrom<unknown>(...words, 1, true, null)
  }
}

const words = [
  'orders',
  'public.orders',
  'id',
  'id > 1',
  'e',
  's',
  'x',
  '30 days',
  '5',
  'true',
  'https://example.com/',
  '/x',
  '2026-01-01T00:00:00Z',
]

function objectOf(schema: Schema, components: Schema): fc.Arbitrary<unknown> {
  const required = new Set(schema.required)
  const fields = Object.entries<Schema>(schema.properties ?? {}).map(([name, property]) => {
    const value = /secret|encrypted|client_key/.test(name)
      ? secretFor(property, components)
      : valid(property, components)
    return [name, required.has(name) ? value : fc.option(value, { nil: undefined })] as const
  })
  if (fields.length === 0)
    return fc.dictionary(fc.constantFrom('x-a', 'x-b', 'Host'), fc.constantFrom('a', 'b\r\nc'), {
      maxKeys: 2,
    })
  return fc.record(Object.fromEntries(fields))
}

function secretFor(schema: Schema, components: Schema): fc.Arbitrary<unknown> {
  return valid(schema, components).map((value) =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.keys(value).map((key) => [key, secretMarker]))
      : value === null
        ? null
        : secretMarker,
  )
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Percent-encodes what a URL cannot hold; lone surrogates have no encoding and become U+FFFD. */
function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text.slice(0, 2000)).toString())
}
