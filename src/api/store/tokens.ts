// Rows of rowhook.token. A token itself is never stored: only its SHA-256. That needs no salt and no
// slow hash, because tokens are 256 random bits and nobody chose them.
import { createHash, randomBytes } from 'node:crypto'
import type { Db } from '../../db/kysely.ts'
import { ConflictError } from '../../errors.ts'
import { type Scope, scopes } from '../context.ts'
import { isUuid } from '../schema/name.ts'

/** A token as it may be shown. */
export interface Token {
  id: string
  name: string
  scopes: Scope[]
  expires_at: Date | null
  last_used_at: Date | null
  revoked_at: Date | null
  created_at: Date
}

const shown = ['id', 'name', 'scopes', 'expires_at', 'last_used_at', 'revoked_at', 'created_at'] as const

/** How long `last_used_at` may lag, so that reading the API does not write a row each time. */
const lastUsedGrainMs = 60_000

/** SHA-256 of a token, hex. */
export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Makes and stores a token; the text is returned here and never again. */
export async function createToken(
  db: Db,
  { name, scopes, expiresAt }: { name: string; scopes: Scope[]; expiresAt: Date | null },
): Promise<{ row: Token; token: string }> {
  const token = `rht_${randomBytes(32).toString('base64url')}`
  const row = await db
    .insertInto('rowhook.token')
    .values({ name, digest: digestOf(token), scopes: [...new Set(scopes)], expires_at: expiresAt })
    .returning(shown)
    .executeTakeFirstOrThrow()
  return { row: row as Token, token }
}

/** Tokens by name, from after the one with `after`'s name and id. */
export async function listTokens(
  db: Db,
  limit: number,
  after?: { name: string; id: string },
): Promise<Token[]> {
  let query = db.selectFrom('rowhook.token').select(shown)
  if (after !== undefined) {
    query = query.where((e) =>
      e.or([e('name', '>', after.name), e.and([e('name', '=', after.name), e('id', '>', after.id)])]),
    )
  }
  return (await query.orderBy('name').orderBy('id').limit(limit).execute()) as Token[]
}

/** The token that may be used now and has this digest. */
export async function findUsableToken(db: Db, digest: string, now: Date): Promise<Token | undefined> {
  const row = (await db
    .selectFrom('rowhook.token')
    .select(shown)
    .where('digest', '=', digest)
    .executeTakeFirst()) as Token | undefined
  return row !== undefined && isUsable(row, now) ? row : undefined
}

/** Whether anybody could log in with a token of the database. */
export async function hasUsableToken(db: Db, now: Date): Promise<boolean> {
  const rows = await db.selectFrom('rowhook.token').select(shown).where('revoked_at', 'is', null).execute()
  return rows.some((row) => isUsable(row as Token, now))
}

/** Notes that the token was used, at most once a minute. */
export async function touchToken(db: Db, token: Token, now: Date): Promise<void> {
  if (token.last_used_at !== null && now.getTime() - token.last_used_at.getTime() < lastUsedGrainMs) return
  await db.updateTable('rowhook.token').set({ last_used_at: now }).where('id', '=', token.id).execute()
}

/**
 * Revokes a token for good, by its id or its name.
 * @returns undefined when there is none that is not revoked yet
 * @throws ConflictError when several have the name
 */
export async function revokeToken(db: Db, reference: string, now: Date): Promise<Token | undefined> {
  const found = await db
    .selectFrom('rowhook.token')
    .select(['id', 'name'])
    .where((e) =>
      isUuid(reference)
        ? e.or([e('id', '=', reference.toLowerCase()), e('name', '=', reference)])
        : e('name', '=', reference),
    )
    .where('revoked_at', 'is', null)
    .execute()
  const byId = found.find(({ id }) => id === reference.toLowerCase())
  if (byId === undefined && found.length > 1) {
    throw new ConflictError(`${found.length} tokens are called ${found[0]!.name}`, {
      hint: 'Revoke them by their ids.',
    })
  }
  const id = (byId ?? found[0])?.id
  if (id === undefined) return undefined
  const row = await db
    .updateTable('rowhook.token')
    .set({ revoked_at: now })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returning(shown)
    .executeTakeFirst()
  return row as Token | undefined
}

/** The widest of a token's scopes; each includes those before it. */
export function widestScope(token: Pick<Token, 'scopes'>): Scope {
  return scopes.findLast((scope) => token.scopes.includes(scope))!
}

function isUsable(token: Token, now: Date): boolean {
  return token.revoked_at === null && (token.expires_at === null || token.expires_at > now)
}
