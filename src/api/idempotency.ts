// Idempotency-Key on POST: a request that is sent again because its answer got lost is not carried out
// again, but answered as it was. Keys belong to the token that used them and live for a day.
import { createHash } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { ConflictError, InputError } from '../errors.ts'
import { decrypt, encrypt } from '../secret/cipher.ts'
import type { KeyRing } from '../secret/ring.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { HttpProblem } from './problem.ts'
import { bodyText } from './request.ts'
import { type Earlier, keep, release, reserve } from './store/idempotency.ts'

/** A request without an answer is taken for dead after so long: its process was killed. */
const abandonedMs = 5 * 60_000

const keptHeaders = ['content-type', 'etag', 'location']

/** Middleware for everything below /api, behind authentication. */
export function idempotency({ db, config }: Pick<ApiOptions, 'db' | 'config'>): MiddlewareHandler<ApiEnv> {
  return async function idempotency(c, next) {
    const given = c.req.header('idempotency-key')
    if (given === undefined || c.req.method !== 'POST') return next()
    if (given === '' || given.length > 255) {
      throw new InputError([{ path: 'Idempotency-Key', message: 'must have 1 to 255 characters' }])
    }
    const key = digest(c.get('actor').name, given)
    const fingerprint = digest(c.req.path, new URL(c.req.url).search, await bodyText(c))
    const earlier = await reserveOrTakeOver(key, fingerprint)
    if (earlier !== undefined) return replay(c, config.keyRing, key, fingerprint, earlier)
    try {
      await next()
    } finally {
      // Hono has turned errors into answers already; whatever was not done may be tried again, and a
      // stream that goes on for hours cannot be kept.
      if (c.res.ok && isJson(c.res)) await keep(db, key, await seal(config.keyRing, key, c.res.clone()))
      else await release(db, key)
    }
  }

  async function reserveOrTakeOver(key: string, fingerprint: string): Promise<Earlier | undefined> {
    const earlier = await reserve(db, key, fingerprint, new Date())
    if (earlier === undefined || earlier.status !== null) return earlier
    if (Date.now() - earlier.created_at.getTime() < abandonedMs) return earlier
    await release(db, key)
    return reserve(db, key, fingerprint, new Date())
  }
}

function replay(c: Context, ring: KeyRing, key: string, fingerprint: string, earlier: Earlier): Response {
  if (earlier.fingerprint !== fingerprint) {
    throw new HttpProblem(
      422,
      'this Idempotency-Key was used for another request; take a new key for a new one',
    )
  }
  if (earlier.status === null) {
    throw new ConflictError('the request with this Idempotency-Key is still running', {
      hint: 'Ask again in a moment.',
    })
  }
  if (earlier.body === null) {
    throw new ConflictError(
      'the request with this Idempotency-Key was carried out, but its answer was not kept',
      {
        hint: 'Answers are kept only where ROWHOOK_ENCRYPTION_KEY is set, because they may hold a secret.',
      },
    )
  }
  const headers = { ...earlier.headers, 'idempotency-replayed': 'true' }
  return c.body(decrypt(ring, identity(key), earlier.body), earlier.status as 200, headers)
}

async function seal(ring: KeyRing, key: string, answer: Response) {
  const text = await answer.text()
  const headers: Record<string, string> = {}
  for (const name of keptHeaders) {
    const value = answer.headers.get(name)
    if (value !== null) headers[name] = value
  }
  return {
    status: answer.status,
    headers,
    body: ring.length === 0 ? null : encrypt(ring, identity(key), text),
  }
}

const isJson = (answer: Response) =>
  answer.headers.get('content-type')?.startsWith('application/json') === true

const identity = (key: string) => `idempotency:${key}`

function digest(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
