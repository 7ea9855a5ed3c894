// Rows of rowhook.idempotency: POSTs that carried an Idempotency-Key, and their answers, for a day. Keys
// come as digests, answers as ciphertext: an answer may hold a secret that was shown once.
import type { Db } from '../../db/kysely.ts'

/** A request that was carried out before, or is just now (status null). */
export interface Earlier {
  fingerprint: string
  status: number | null
  headers: Record<string, string> | null
  body: string | null
  created_at: Date
}

const dayMs = 24 * 3_600_000

/** Reserves the key; undefined: it is ours now. Otherwise what has it. Keys of former days are forgotten. */
export async function reserve(
  db: Db,
  key: string,
  fingerprint: string,
  now: Date,
): Promise<Earlier | undefined> {
  await db
    .deleteFrom('rowhook.idempotency')
    .where('created_at', '<', new Date(now.getTime() - dayMs))
    .execute()
  const made = await db
    .insertInto('rowhook.idempotency')
    .values({ key, fingerprint })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('key')
    .executeTakeFirst()
  if (made !== undefined) return undefined
  return db
    .selectFrom('rowhook.idempotency')
    .select(['fingerprint', 'status', 'headers', 'body', 'created_at'])
    .where('key', '=', key)
    .executeTakeFirst()
}

/** Keeps the answer for those who ask again. */
export async function keep(
  db: Db,
  key: string,
  answer: { status: number; headers: Record<string, string>; body: string | null },
): Promise<void> {
  await db.updateTable('rowhook.idempotency').set(answer).where('key', '=', key).execute()
}

/** Frees a key: nothing was done under it, so that the next request may try. */
export async function release(db: Db, key: string): Promise<void> {
  await db.deleteFrom('rowhook.idempotency').where('key', '=', key).execute()
}
