// Messages of a sink. Their state follows from the stream's position and lies in no table, so all of it
// is read and changed by functions of sql/functions; this file only calls them.
import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../../db/kysely.ts'

export const messageStates = ['pending', 'delivered', 'failing', 'discarded'] as const
export type MessageState = (typeof messageStates)[number]

/**
 * A message; `record` and `changes` are raw JSON, so that numbers keep their digits. What was too long is
 * null, and `beginning` has the first characters of the record and `bytes` the length of both.
 */
export interface MessageRow {
  bytes: number
  beginning: string | null
  event_id: string
  state: MessageState
  source_id: number
  action: string
  group: string | null
  record: string | null
  changes: string | null
  captured_at: string
  attempts: number
  next_attempt_at: string | null
  last_error: string | null
  webhook_id: string | null
}

/** Which messages, newest first. Times are texts that Postgres reads. */
export interface MessageFilter {
  state?: MessageState | undefined
  sourceId?: number | undefined
  group?: string | undefined
  since?: string | undefined
  until?: string | undefined
  /** Only those with a lower event id. */
  before?: string | undefined
}

/** Newest first. */
export function listMessages(
  db: Db,
  sinkId: number,
  filter: MessageFilter,
  limit: number,
  maxBytes?: number,
): Promise<MessageRow[]> {
  const { state, sourceId, group, since, until, before } = filter
  return select(
    db,
    maxBytes,
    sql`rowhook.list_messages(${sinkId}::int, ${state ?? null}::text, ${sourceId ?? null}::int,
      ${group ?? null}::text, ${since ?? null}::text::timestamptz, ${until ?? null}::text::timestamptz,
      ${before ?? null}::bigint, ${limit}::int)`,
  )
}

/** Event ids of all messages that fit. */
export async function listMessageIds(
  db: Db,
  sinkId: number,
  { state, sourceId, group, since, until }: Omit<MessageFilter, 'before'>,
): Promise<string[]> {
  const { rows } = await sql<{ ids: string[] }>`
    select array(
      select m.event_id::text
      from rowhook.list_messages(${sinkId}::int, ${state ?? null}::text, ${sourceId ?? null}::int,
        ${group ?? null}::text, ${since ?? null}::timestamptz, ${until ?? null}::timestamptz,
        null::bigint, null::int) m) as ids`.execute(db)
  return rows[0]!.ids
}

/** The message with this event id; undefined: the sink has none, or has it no more. */
export async function findMessage(
  db: Db,
  sinkId: number,
  eventId: string,
  maxBytes?: number,
): Promise<MessageRow | undefined> {
  const [row] = await select(db, maxBytes, sql`rowhook.get_message(${sinkId}::int, ${eventId}::bigint)`)
  return row
}

/** Has messages sent again, or dropped for good; returns how many. By state, by ids, or both. */
export async function commandMessages(
  db: Db,
  command: 'redeliver' | 'discard',
  sinkId: number,
  which: { state?: MessageState; eventIds?: string[] | undefined },
): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select ${sql.ref(`rowhook.${command}`)}(${sinkId}::int, ${which.state ?? null}::text,
      ${which.eventIds ?? null}::bigint[]) as count`.execute(db)
  return Number(rows[0]!.count)
}

/** So much is told of what is too long. */
const beginningLength = 20_000

async function select(
  db: Db,
  maxBytes: number | undefined,
  messages: RawBuilder<unknown>,
): Promise<MessageRow[]> {
  const time = (column: string) =>
    sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
  const { rows } = await sql<MessageRow>`
    select m.event_id::text as event_id, m.state, m.source_id, m.action, m.grp as "group",
      case when x.fits then m.record::text end as record, case when x.fits then m.changes::text end as changes,
      x.bytes, case when not x.fits then left(m.record::text, ${beginningLength}) end as beginning, ${time('m.captured_at')} as captured_at,
      m.attempts, ${time('m.next_attempt_at')} as next_attempt_at, m.last_error, m.webhook_id
    from ${messages} m
    cross join lateral (
      select coalesce(octet_length(m.record::text), 0) + coalesce(octet_length(m.changes::text), 0) as bytes) l
    cross join lateral (select l.bytes, l.bytes <= coalesce(${maxBytes ?? null}::int, 2147483647) as fits) x
    order by m.event_id desc`.execute(db)
  return rows
}
