// Who is signed in: an API token, sealed into a cookie that scripts cannot read. Nothing is stored on the
// server, so a session works at every process that has the same ROWHOOK_ENCRYPTION_KEY and ends when its
// token is revoked, because the API checks the token at each request. Without such a key a session lasts
// as long as the process.
//
// Forms carry a token that belongs to the session and that other sites cannot know.
import { createHmac, createSecretKey, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { decrypt, encrypt } from '../secret/cipher.ts'
import type { KeyRing } from '../secret/ring.ts'

const cookieName = 'rowhook_session'
/** Part of what the cookie's seal covers, so that no stored secret can be passed off as a session. */
const identity = 'console:session'
const lifetimeS = 12 * 3600

/** What the cookie holds. */
export interface Session {
  /** The API token that the person signed in with. */
  token: string
  /** Random; what the form token is made from. */
  id: string
  /** Unix time in seconds. */
  expiresAt: number
}

/** Makes, reads and ends sessions. */
export interface Sessions {
  begin(c: Context, token: string): void
  /** The session of this request; undefined: nobody is signed in, or not any more. */
  of(c: Context): Session | undefined
  end(c: Context): void
  /** The text that each form of this session must carry. */
  formToken(session: Session): string
  /** Whether `given` is that text. */
  isFormToken(session: Session, given: unknown): boolean
}

/** Sessions under keys of their own, derived from the ring's. */
export function createSessions(keyRing: KeyRing): Sessions {
  const ring = keyRing.length === 0 ? [derive(randomBytes(32), 'process')] : keyRing.map(sessionKey)
  const formToken = ({ id }: Session) =>
    createHmac('sha256', ring[0]!.key).update(`form\0${id}`).digest('base64url')
  return {
    begin(c, token) {
      const expiresAt = Math.floor(Date.now() / 1000) + lifetimeS
      const session: Session = { token, id: randomBytes(16).toString('base64url'), expiresAt }
      setCookie(c, cookieName, encrypt(ring, identity, JSON.stringify(session)), {
        httpOnly: true,
        // Lax, so that a link in an alert leads to its page; what changes something is a POST with a form token.
        sameSite: 'Lax',
        secure: isSecure(c),
        path: '/',
        maxAge: lifetimeS,
      })
    },
    of(c) {
      const sealed = getCookie(c, cookieName)
      if (sealed === undefined) return undefined
      try {
        const session = JSON.parse(decrypt(ring, identity, sealed)) as Session
        return session.expiresAt > Date.now() / 1000 ? session : undefined
      } catch {
        // Sealed by a key that is gone, or not sealed by us.
        return undefined
      }
    },
    end: (c) => void deleteCookie(c, cookieName, { path: '/' }),
    formToken,
    isFormToken(session, given) {
      const wanted = Buffer.from(formToken(session))
      const got = Buffer.from(typeof given === 'string' ? given : '')
      return wanted.length === got.length && timingSafeEqual(wanted, got)
    },
  }
}

/** A browser sends a Secure cookie back over https only, so over plain http it must not be one. */
function isSecure(c: Context): boolean {
  return c.req.url.startsWith('https:') || c.req.header('x-forwarded-proto') === 'https'
}

function sessionKey({ id, key }: KeyRing[number]): KeyRing[number] {
  return derive(key.export(), id)
}

function derive(secret: Buffer, id: string): KeyRing[number] {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'rowhook console session', 32))
  return { id, key: createSecretKey(bytes) }
}
