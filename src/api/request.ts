// Reading a request: JSON body and query string → checked values, and the OpenAPI document's half of
// the same. Owns limits on size and nesting, and the words for what is wrong.
//
// hono-openapi's own validator is not used for two reasons: it takes a body of another content type
// for an empty one (curl's default), and valibot's messages quote the value, which may be a secret.
import type { Context, MiddlewareHandler } from 'hono'
import { resolver, uniqueSymbol } from 'hono-openapi'
import * as v from 'valibot'
import { InputError, type InputProblem } from '../errors.ts'
import { problemsOf } from './inputProblems.ts'

/** Largest body, in bytes. */
export const maxBodyBytes = 4 * 1024 * 1024

/** Deepest nesting of objects and arrays in a body; printing deeper ones would exhaust the stack. */
const maxDepth = 64

type Checked<Target extends string, S extends v.GenericSchema> = MiddlewareHandler<
  // oxlint-disable-next-line typescript/no-explicit-any -- Hono merges the environments of a route's handlers
  any,
  string,
  { in: { [K in Target]: v.InferInput<S> }; out: { [K in Target]: v.InferOutput<S> } }
>

/** Middleware: the JSON body must match; handlers take it from `c.req.valid('json')`. */
export function body<S extends v.GenericSchema>(schema: S): Checked<'json', S> {
  return described('json', schema, async (c) => parseInput(schema, parseJson(await bodyText(c))))
}

/** Middleware: like `body`, but no body at all means `{}`. */
export function optionalBody<S extends v.GenericSchema>(schema: S): Checked<'json', S> {
  return described('json', schema, async (c) => {
    const text = await bodyText(c)
    return parseInput(schema, text.trim() === '' ? {} : parseJson(text))
  })
}

/** Middleware: the query string must match; handlers take it from `c.req.valid('query')`. */
export function query<S extends v.GenericSchema>(schema: S): Checked<'query', S> {
  return described('query', schema, (c) => {
    const values = c.req.queries()
    const repeated = Object.keys(values).find((name) => values[name]!.length > 1)
    if (repeated !== undefined) throw new InputError([{ path: repeated, message: 'is given more than once' }])
    const single = Object.fromEntries(Object.entries(values).map(([name, [value]]) => [name, value]))
    refuseUnstorable(single)
    return parseInput(schema, single)
  })
}

/**
 * The body as text.
 * @throws InputError where it is not UTF-8: replacement characters would be stored in place of what was meant
 */
export async function bodyText(c: Context): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await c.req.arrayBuffer())
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new InputError([{ path: '', message: 'the body is not UTF-8' }])
  }
}

/**
 * Checks `value` against `schema`.
 * @throws InputError with a path into the value for each thing that is wrong
 */
export function parseInput<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, value)
  if (!result.success) throw new InputError(problemsOf(result.issues))
  refuseLists(value, result.output, '')
  return result.output
}

/** valibot takes a list for an object, and one without entries even where it knows the fields. */
function refuseLists(given: unknown, taken: unknown, path: string): void {
  if (typeof given !== 'object' || given === null || typeof taken !== 'object' || taken === null) return
  if (Array.isArray(given) && !Array.isArray(taken)) refuse({ path, message: 'must be an object' })
  for (const [key, child] of Object.entries(given)) {
    refuseLists(child, (taken as Record<string, unknown>)[key], below(path, key, Array.isArray(given)))
  }
}

/**
 * Parses a JSON text that is an object or array of sane depth.
 * @throws InputError saying where the text stops being JSON
 */
export function parseJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The engine's message quotes the text around the fault, which may be a secret.
    const reason = text.trim() === '' ? 'the body is empty; send a JSON object' : 'the body is not JSON'
    throw new InputError([{ path: '', message: reason }])
  }
  refuseUnstorable(value)
  return value
}

// valibot drops these in silence.
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * @throws InputError where a text holds NUL, which Postgres cannot store, the nesting is too deep, or a
 *   field has a name that would be lost on the way
 */
export function refuseUnstorable(value: unknown): void {
  const open: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: current, path, depth } = next
    if (typeof current === 'string' && current.includes('\0'))
      refuse({ path, message: 'holds a NUL character' })
    if (typeof current !== 'object' || current === null) continue
    if (depth === maxDepth) refuse({ path: '', message: `is nested more than ${maxDepth} levels deep` })
    for (const [key, child] of Object.entries(current)) {
      const at = below(path, key, Array.isArray(current))
      if (forbiddenKeys.has(key)) refuse({ path: at, message: 'is not a name that a field can have' })
      if (key.includes('\0')) refuse({ path, message: 'has a field whose name holds a NUL character' })
      open.push({ value: child, path: at, depth: depth + 1 })
    }
  }
}

function below(path: string, key: string, inList: boolean): string {
  if (inList) return `${path}[${key}]`
  return path === '' ? key : `${path}.${key}`
}

function refuse(problem: InputProblem): never {
  throw new InputError([problem])
}

function described<Target extends 'json' | 'query', S extends v.GenericSchema>(
  target: Target,
  schema: S,
  read: (c: Context) => unknown,
): Checked<Target, S> {
  const handler: MiddlewareHandler = async (c, next) => {
    c.req.addValidatedData(target, (await read(c)) as object)
    await next()
  }
  return Object.assign(handler, { [uniqueSymbol]: { target, ...resolver(schema) } })
}
