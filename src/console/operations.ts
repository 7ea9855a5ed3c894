// The operations that pages are made of: the admin API, called in process with the token of whoever is
// signed in. The console has no rule and no query of its own, so whatever the API refuses is refused here.
import type { Hono } from 'hono'
import type { ApiEnv } from '../api/context.ts'
import { parseExact } from './exactJson.ts'
import type { SharedAnswers } from './sharedAnswers.ts'

/** What is wrong with one field of an input. */
export interface FieldProblem {
  path: string
  message: string
  position?: number
}

/** The API's refusal, as it says it itself. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly title: string
  readonly problems: readonly FieldProblem[]

  constructor(status: number, title: string, detail: string, problems: readonly FieldProblem[]) {
    super(detail)
    this.status = status
    this.title = title
    this.problems = problems
  }
}

/** A list, a page of it. */
export interface Page<Row> {
  data: Row[]
  next_cursor: string | null
}

/** Query parameters; what is undefined or empty is left out. */
export type Query = Record<string, string | number | undefined>

/** Calls of the API below /api. Each @throws Refusal when the answer is no success. */
export interface Operations {
  get<T>(path: string, query?: Query): Promise<T>
  post<T>(path: string, body?: unknown): Promise<T>
  put<T>(path: string, body: unknown): Promise<T>
  patch<T>(path: string, body: unknown): Promise<T>
  delete(path: string): Promise<void>
  /** The answer as it comes, for one that does not end. */
  stream(path: string): Promise<Response>
  /** Whether the API has an operation at this path. */
  has(path: string): boolean
}

/**
 * @param shared answers that pages which renew themselves have in common; without it each is asked for
 * @param env the bindings of the visitor's own request: the API counts failed logins by its peer address
 */
export function operationsWith(
  api: Hono<ApiEnv>,
  token: string,
  env: unknown,
  shared?: SharedAnswers,
): Operations {
  async function ask(method: string, path: string, body?: unknown, accept = '*/*'): Promise<Response> {
    const response = await api.request(
      `/api${path}`,
      {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      env as object,
    )
    if (!response.ok) throw refusalOf(response.status, await response.text())
    return response
  }
  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const text = await (await ask(method, path, body)).text()
    return (text === '' ? undefined : parse(text)) as T
  }
  async function read<T>(path: string): Promise<T> {
    return shared === undefined
      ? call('GET', path)
      : (shared.get(`${token} ${path}`, () => call('GET', path)) as Promise<T>)
  }
  return {
    get: (path, query) => read(`${path}${queryText(query)}`),
    stream: (path) => ask('GET', path, undefined, 'text/event-stream'),
    post: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    patch: (path, body) => call('PATCH', path, body),
    delete: (path) => call('DELETE', path),
    has: (path) => api.routes.some((route) => route.path === `/api${path}`),
  }
}

/** Digits matter in rows only; everything else is parsed at full speed. */
function parse(text: string): unknown {
  return text.includes('"record":') ? parseExact(text) : (JSON.parse(text) as unknown)
}

/** `?a=b`, or nothing. */
export function queryText(query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? '' : `?${text}`
}

/** Path segments, each encoded. */
export function path(...segments: string[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')
}

interface Problem {
  title?: string
  detail?: string
  errors?: FieldProblem[]
}

function refusalOf(status: number, text: string): Refusal {
  let problem: Problem = {}
  try {
    problem = JSON.parse(text) as Problem
  } catch {
    // not JSON: the status has to do
  }
  const { title = 'Error', detail = `The API answered ${status}.`, errors = [] } = problem
  return new Refusal(status, title, detail, errors)
}
