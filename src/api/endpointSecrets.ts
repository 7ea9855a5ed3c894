// The secrets of one endpoint: text ↔ what is stored. A secret that is given again keeps its
// ciphertext, so that whether anything changed can be told by comparing columns.
import type { StoredSigningSecret } from '../db/tables.ts'
import { InputError, type InputProblem } from '../errors.ts'
import { decrypt, encrypt, needsRotation } from '../secret/cipher.ts'
import { clientKeyIdentity, headerIdentity, signingIdentity } from '../secret/identity.ts'
import type { KeyRing } from '../secret/ring.ts'
import { mask } from './schema/endpoint.ts'

/** Header name → ciphertext, as `rowhook.endpoint.encrypted_headers` holds them. */
type SealedHeaders = Record<string, string>

/**
 * The sealed headers after a change by name: null removes one, the mask keeps it, a text sets it.
 * Problems (a mask without anything behind it) are added to `problems`.
 */
export function changeHeaders(
  ring: KeyRing,
  id: string,
  stored: SealedHeaders,
  given: Readonly<Record<string, string | null>>,
  problems: InputProblem[],
): SealedHeaders {
  const changed = new Map(Object.entries(stored))
  for (const [name, value] of Object.entries(given)) {
    // The case of a header's name does not matter, so another spelling of it replaces it.
    const former = [...changed.keys()].find((other) => other.toLowerCase() === name.toLowerCase())
    const sealed = former === undefined ? undefined : changed.get(former)!
    if (former !== undefined) changed.delete(former)
    if (value === null) continue
    if (value === mask && sealed === undefined) {
      problems.push({
        path: `encrypted_headers.${name}`,
        message: 'has no stored value to keep; give the value itself',
      })
    } else {
      changed.set(name, reseal(ring, headerIdentity(id, name), value, sealed, `encrypted_headers.${name}`))
    }
  }
  return Object.fromEntries(changed)
}

/** The list of signing secrets after one was given: it alone, from now on. */
export function replaceSigningSecret(
  ring: KeyRing,
  id: string,
  stored: readonly StoredSigningSecret[],
  secret: string,
  now: Date,
): StoredSigningSecret[] {
  const current = stored[0]
  const ciphertext = reseal(ring, signingIdentity(id), secret, current?.ciphertext, 'signing_secret')
  if (current !== undefined && ciphertext === current.ciphertext) return [...stored]
  return [{ ciphertext, created_at: now.toISOString(), expires_at: null }]
}

/**
 * A new secret in front; the one that was current signs too until the overlap is over. Secrets of
 * earlier rotations keep their own, earlier end.
 */
export function addSigningSecret(
  ring: KeyRing,
  id: string,
  stored: readonly StoredSigningSecret[],
  secret: string,
  { now, overlapMs }: { now: Date; overlapMs: number },
): StoredSigningSecret[] {
  const end = new Date(now.getTime() + overlapMs).toISOString()
  const former = stored.map((each) => ({
    ...each,
    expires_at: each.expires_at !== null && each.expires_at < end ? each.expires_at : end,
  }))
  const [made] = replaceSigningSecret(ring, id, [], secret, now)
  return [made!, ...former.filter(({ expires_at }) => expires_at > now.toISOString())]
}

/** The stored client key after `key` was given. */
export function sealClientKey(ring: KeyRing, id: string, key: string, stored: string | null): string {
  return reseal(ring, clientKeyIdentity(id), key, stored ?? undefined, 'client_key')
}

/** The text of a stored client key. */
export function openClientKey(ring: KeyRing, id: string, stored: string): string {
  return decrypt(ring, clientKeyIdentity(id), stored)
}

/** What of an endpoint's columns is encrypted. */
export interface SealedColumns {
  encrypted_headers: SealedHeaders
  signing_secrets: StoredSigningSecret[]
  client_key: string | null
}

/**
 * The same secrets, encrypted with the newest key, so that an older one may go. What cannot be read stays as it is:
 * an edit of something else must not fail for it.
 */
export function renewSecrets(ring: KeyRing, id: string, sealed: SealedColumns): SealedColumns {
  const renew = (identity: string, stored: string): string => {
    const text = needsRotation(ring, stored) ? opens(ring, identity, stored) : undefined
    return text === undefined ? stored : encrypt(ring, identity, text)
  }
  return {
    encrypted_headers: Object.fromEntries(
      Object.entries(sealed.encrypted_headers).map(([name, stored]) => [
        name,
        renew(headerIdentity(id, name), stored),
      ]),
    ),
    signing_secrets: sealed.signing_secrets.map((each) => ({
      ...each,
      ciphertext: renew(signingIdentity(id), each.ciphertext),
    })),
    client_key: sealed.client_key === null ? null : renew(clientKeyIdentity(id), sealed.client_key),
  }
}

function reseal(
  ring: KeyRing,
  identity: string,
  text: string,
  stored: string | undefined,
  path: string,
): string {
  if (text === mask && stored !== undefined) return stored
  if (ring.length === 0) {
    throw new InputError(
      [{ path, message: 'cannot be stored, because ROWHOOK_ENCRYPTION_KEY is not set where rowhook runs' }],
      { hint: 'Set it to 32 random bytes in base64 (openssl rand -base64 32) and start rowhook again.' },
    )
  }
  if (stored !== undefined && opens(ring, identity, stored) === text) return stored
  return encrypt(ring, identity, text)
}

/** A secret whose key is gone counts as different, so that it can be set again. */
function opens(ring: KeyRing, identity: string, stored: string): string | undefined {
  try {
    return decrypt(ring, identity, stored)
  } catch {
    return undefined
  }
}
