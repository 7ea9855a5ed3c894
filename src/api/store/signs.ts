// What makes a page about sinks worth renewing, for all that are asked about at once.
import type postgres from 'postgres'

/** A sink, and a digest of everything about it that changes when something happens. */
export interface Sign {
  name: string
  /** Differs: something has happened. */
  sign: string
}

/** What one look brings. */
export interface Look {
  sinks: Sign[]
  /** Ids of the tokens, of those asked for, that are still good. */
  tokens: string[]
}

/**
 * One query, however many ask.
 * @param wanted names of sinks; null: all. Of those that are named, the newest request counts as well
 * @param tokens ids of tokens
 */
export async function lookAtSinks(
  sql: postgres.Sql,
  wanted: readonly string[] | null,
  named: readonly string[],
  tokens: readonly string[],
): Promise<Look> {
  const [look] = await sql<[Look]>`
    with asked as materialized (
      select s.id, s.name, s.version from rowhook.sink s
      where ${wanted as string[] | null}::text[] is null or s.name = any (${wanted as string[] | null}::text[])
    ),
    batches as (
      select st.sink_id, count(*) || ' ' || sum(b.attempt) as sign
      from rowhook.batch b
      join rowhook.stream st on st.id = b.stream_id
      group by st.sink_id
    ),
    history as (
      select h.sink_id, string_agg(row(h.id, h.state, h.done)::text, ',' order by h.id) as sign
      from (
        select b.sink_id, b.id, b.state, (
          select sum(t.rows_done) from rowhook.backfill_table t where t.backfill_id = b.id) as done
        from rowhook.backfill b
        where b.state in ('active', 'paused') or b.updated_at > now() - interval '1 minute'
        union all
        select r.sink_id, r.id, r.state, r.rows_done
        from rowhook.replay r
        where r.state in ('active', 'paused') or r.updated_at > now() - interval '1 minute') h
      group by h.sink_id
    )
    select
      (select coalesce(json_agg(json_build_object('name', x.name, 'sign', x.sign)), '[]') from (
        select a.name, md5(row(
          a.version, t.health, t.pending, t.delivered, t.failing, t.discarded, t.blocked_groups, t.last_error,
          round(t.messages_per_second::numeric, 1), b.sign, h.sign,
          case when a.name = any (${named as string[]}::text[]) then (
            select r.id from rowhook.delivery r where r.sink_id = a.id order by r.id desc limit 1) end
        )::text) as sign
        from asked a
        join rowhook.sink_stats(array(select id from asked)) t on t.sink_id = a.id
        left join batches b on b.sink_id = a.id
        left join history h on h.sink_id = a.id) x) as sinks,
      array(
        select k.id::text from rowhook.token k
        where k.id = any (${tokens as string[]}::uuid[])
          and k.revoked_at is null and (k.expires_at is null or k.expires_at > rowhook.now())) as tokens`
  return look
}
