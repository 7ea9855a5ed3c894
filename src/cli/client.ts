// The admin API as commands call it, wherever it runs: errors as exceptions, answers as the very text
// that came (for --json) and parsed. How requests travel is in remote.ts and local.ts.
import type { InputProblem } from '../errors.ts'
import { ApiError } from './errors.ts'

/** Carries one request; as `fetch` does, with a path in place of a URL. */
export type Transport = (path: string, init: RequestInit) => Promise<Response>

/** An answer with a 2xx status. */
export interface Answer<T> {
  /** As it came: numbers are exact. */
  text: string
  value: T
}

/** Parameters of a query string; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** The admin API. All methods throw ApiError when it says no. */
export interface Client {
  /** Where it is, for messages. */
  readonly place: string
  /** It runs in this process, straight on the database: nothing here dispatches. */
  readonly local: boolean
  get<T>(path: string, query?: Query): Promise<Answer<T>>
  post<T>(path: string, body?: unknown, query?: Query): Promise<Answer<T>>
  /** A body that is text of its own, such as YAML. */
  postText<T>(path: string, text: string, contentType: string, query?: Query): Promise<Answer<T>>
  patch<T>(path: string, body: unknown): Promise<Answer<T>>
  put<T>(path: string, body: unknown): Promise<Answer<T>>
  delete(path: string): Promise<void>
  /** All rows of a list, page by page. */
  all<T>(path: string, query?: Query): Promise<T[]>
  /** What /readyz says, whichever way it says it. */
  readiness<T>(): Promise<T>
  /** POST whose answer goes on for as long as `signal` is not aborted. */
  open(path: string, body: unknown, signal: AbortSignal): Promise<Response>
  close(): Promise<void>
}

/** A path whose parts are escaped: apiPath`/api/sinks/${name}`. */
export function apiPath(literals: TemplateStringsArray, ...parts: string[]): string {
  return literals.map((text, i) => text + (i < parts.length ? encodeURIComponent(parts[i]!) : '')).join('')
}

/** Makes a client of a transport. */
export function createClient(options: {
  place: string
  local: boolean
  token: string | undefined
  send: Transport
  close?: () => Promise<void>
}): Client {
  const { place, local, token, send } = options

  async function request(
    method: string,
    path: string,
    query: Query,
    body?: { text: string; contentType: string },
    signal?: AbortSignal,
  ): Promise<Response> {
    const response = await send(withQuery(path, query), {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': body.contentType }),
      },
      ...(body === undefined ? {} : { body: body.text }),
      ...(signal === undefined ? {} : { signal }),
    })
    if (!response.ok) throw errorOf(response.status, await response.text(), place)
    return response
  }

  async function answer<T>(response: Promise<Response>): Promise<Answer<T>> {
    const text = await (await response).text()
    return { text, value: (isJson(await response) ? JSON.parse(text) : text) as T }
  }

  const json = (value: unknown) => ({ text: JSON.stringify(value), contentType: 'application/json' })

  const client: Client = {
    place,
    local,
    get: (path, query = {}) => answer(request('GET', path, query)),
    post: (path, body, query = {}) =>
      answer(request('POST', path, query, body === undefined ? undefined : json(body))),
    postText: (path, text, contentType, query = {}) =>
      answer(request('POST', path, query, { text, contentType })),
    patch: (path, body) => answer(request('PATCH', path, {}, json(body))),
    put: (path, body) => answer(request('PUT', path, {}, json(body))),
    async delete(path) {
      await request('DELETE', path, {})
    },
    async all<T>(path: string, query: Query = {}) {
      const rows: T[] = []
      let cursor: string | null | undefined
      do {
        const page: Answer<{ data: T[]; next_cursor: string | null }> = await client.get(path, {
          limit: 1000,
          ...query,
          cursor: cursor ?? undefined,
        })
        rows.push(...page.value.data)
        cursor = page.value.next_cursor
      } while (cursor !== null)
      return rows
    },
    async readiness<T>() {
      return (await (await send('/readyz', {})).json()) as T
    },
    open: (path, body, signal) => request('POST', path, {}, json(body), signal),
    close: options.close ?? (() => Promise.resolve()),
  }
  return client
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(
    (each): each is [string, string | number | boolean] => each[1] !== undefined,
  )
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? path : `${path}?${text}`
}

const isJson = (response: Response): boolean => /json/.test(response.headers.get('content-type') ?? '')

interface Problem {
  type?: string
  detail?: string
  title?: string
  errors?: InputProblem[]
}

function errorOf(status: number, text: string, place: string): ApiError {
  let problem: Problem = {}
  try {
    problem = JSON.parse(text) as Problem
  } catch {
    // A proxy's page, or another program altogether.
    return new ApiError(status, `${place} answers ${status}, and not in the words of rowhook`, {
      hint: 'See that ROWHOOK_URL leads to rowhook itself.',
    })
  }
  const hint = hints[status]
  return new ApiError(status, problem.detail ?? problem.title ?? `${place} answers ${status}`, {
    code: problem.type?.split(':').at(-1) ?? 'api',
    problems: problem.errors ?? [],
    ...(hint === undefined ? {} : { hint }),
  })
}

/** What to do about a status, where the API itself cannot know it. */
const hints: Record<number, string> = {
  401: 'Set ROWHOOK_TOKEN to a token of this rowhook (rowhook tokens create makes one).',
}
