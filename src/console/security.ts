// What the browser may do with a page: load style and script of this server, nothing else. No inline
// script or style runs, so a text from a row that got past the escaping would still be only text.
import type { MiddlewareHandler } from 'hono'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Sets the headers of every page. Pages show rows and sometimes a secret: no cache keeps them. */
export const guardPage: MiddlewareHandler = async (c, next) => {
  await next()
  c.header('content-security-policy', policy)
  c.header('referrer-policy', 'same-origin')
  if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
}

/**
 * Whether a request that changes something comes from a page of this server, as the browser says. Old
 * browsers say nothing; the form token decides there.
 */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin' || site === 'none'
  const origin = request.headers.get('origin')
  if (origin === null) return true
  try {
    return new URL(origin).host === (request.headers.get('host') ?? new URL(request.url).host)
  } catch {
    // `Origin: null`: a sandboxed frame, or a page that hides where it is
    return false
  }
}

/** `next`, if it is a path of this server; a link could name any place. */
export function localPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) && !next.includes('\\')
    ? next
    : '/sinks'
}

/** A form that no page of this session has made. */
export class ForeignFormError extends Error {
  override readonly name = 'ForeignFormError'
}
