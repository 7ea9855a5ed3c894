// Who may do what: the bearer token of each request below /api → its actor, or 401, 403, 429.
import { timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { ForbiddenError, UnauthorizedError } from '../errors.ts'
import { type Actor, type ApiEnv, type ApiOptions, type Scope, scopes } from './context.ts'
import { FailedLogins } from './failedLogins.ts'
import { HttpProblem } from './problem.ts'
import { digestOf, findUsableToken, touchToken, widestScope } from './store/tokens.ts'

/** POSTs that change nothing. */
const harmlessPosts = ['/api/filters/check', '/api/config/plan']

/** The scope that a request needs. Routes do not say it themselves, so that a new one is never open by oversight. */
export function requiredScope(method: string, path: string): Scope {
  if (/^\/api\/(tokens|audit)(\/|$)/.test(path)) return 'admin'
  // Rows of any table; who may write may send them somewhere anyway.
  if (/^\/api\/tables\/[^/]+\/rows$/.test(path)) return 'write'
  if (method === 'GET' || method === 'HEAD') return 'read'
  return method === 'POST' && harmlessPosts.includes(path) ? 'read' : 'write'
}

/** Middleware for everything below /api; sets `actor`. */
export function authenticate({ db, config }: Pick<ApiOptions, 'db' | 'config'>): MiddlewareHandler<ApiEnv> {
  const rootDigest = config.adminToken === undefined ? undefined : digestOf(config.adminToken)
  const failures = new FailedLogins()

  async function findActor(digest: string, now: Date): Promise<Actor | undefined> {
    if (rootDigest !== undefined && timingSafeEqual(Buffer.from(rootDigest), Buffer.from(digest))) {
      return { name: 'root', scope: 'admin' }
    }
    const token = await findUsableToken(db, digest, now)
    if (token === undefined) return undefined
    await touchToken(db, token, now)
    return { name: `token:${token.name}`, scope: widestScope(token), tokenId: token.id }
  }

  return async function authenticate(c, next) {
    const token = bearerToken(c)
    const now = new Date()
    const digest = digestOf(token)
    const address = remoteAddress(c)
    const waitS = failures.blockedFor(address, digest, now)
    if (waitS > 0) {
      c.header('retry-after', String(waitS))
      throw new HttpProblem(429, `too many wrong tokens came from this address; try again in ${waitS} s`)
    }
    const actor = await findActor(digest, now)
    if (actor === undefined) {
      failures.failed(address, now)
      throw unauthorized(c, 'the bearer token is unknown, expired or revoked')
    }
    failures.succeeded(digest)
    const needed = requiredScope(c.req.method, c.req.path)
    if (scopes.indexOf(actor.scope) < scopes.indexOf(needed)) {
      throw new ForbiddenError(`this needs a token with the scope ${needed}; this one has ${actor.scope}`)
    }
    c.set('actor', actor)
    await next()
  }
}

function bearerToken(c: Context): string {
  const [, token] = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '') ?? []
  if (token === undefined) throw unauthorized(c, 'send the header Authorization: Bearer <token>')
  return token
}

function unauthorized(c: Context, message: string): UnauthorizedError {
  c.header('www-authenticate', 'Bearer realm="rowhook"')
  return new UnauthorizedError(message)
}

/** The peer's address under @hono/node-server; one name for all where there is no socket. */
function remoteAddress(c: Context): string {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined
  return env?.incoming?.socket?.remoteAddress ?? 'local'
}
