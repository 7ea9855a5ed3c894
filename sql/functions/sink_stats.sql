-- rowhook.sink_stats(sinks): what a person wants to know of sinks, a row for each that exists:
--   health               ok | degraded (some groups fail) | failing (the circuit is open) | stale (a table
--                        waits for an edit) | paused | disabled
--   pending              captured and wanted, not yet sent: in the log (rowhook.pending_in_log), set
--                        aside behind others of their group, or in a first request that takes long
--   delivered            acknowledged by the live stream, ever
--   discarded            counted up to 100,000
--   failing              messages in failed batches, replays' included
--   lag_ms               age of the oldest message that is neither acknowledged nor discarded, failing ones
--                        included; 0: none. Replays' do not count: what they send is old
--   blocked_groups       groups whose later messages wait for a failed batch
--   last_error           why it is paused or stale, or else the last failure
--   circuit              closed | open
-- Reads only, and is cheap for sinks that have nothing to do: a list of a thousand calls it once. So what
-- costs little is asked once too, the time, and ids are joined: `= any` compares each with all of them.
create or replace function rowhook.sink_stats(sink_ids int[])
returns table (
  sink_id int, health text, pending bigint, delivered bigint, failing bigint, discarded bigint,
  lag_ms double precision, blocked_groups bigint, last_error text, circuit text,
  messages_per_second double precision)
language sql stable security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with clock as materialized (select rowhook.now() as now),
  asked as materialized (select i.id from unnest(sink_ids) i(id)),
  stream as materialized (
    select st.* from asked a join rowhook.stream st on st.sink_id = a.id
  ),
  batch as materialized (
    select st.sink_id, st.replay_id, b.event_ids, b.groups, b.next_at is not null or 0 < any (b.member_failures) as failed
    from stream st
    join rowhook.batch b on b.stream_id = st.id
  ),
  batched as (
    select b.sink_id,
           sum(cardinality(b.event_ids)) filter (where b.failed) as failing,
           sum(cardinality(b.event_ids)) filter (where not b.failed) as sending
    from batch b
    group by b.sink_id
  ),
  blocked as (
    select b.sink_id, count(distinct g.name) as groups
    from batch b
    cross join unnest(b.groups) g(name)
    where b.failed
    group by b.sink_id
  ),
  held as (
    select st.sink_id, count(*) as messages,
           min(h.event_id) filter (where st.replay_id is null) as oldest_id
    from stream st
    join rowhook.held h on h.stream_id = st.id
    group by st.sink_id
  ),
  -- Ids grow with time, near enough.
  oldest as (
    select w.sink_id, min(w.event_id) as event_id
    from (
      select h.sink_id, h.oldest_id as event_id from held h where h.oldest_id is not null
      union all
      select b.sink_id, m.event_id from batch b cross join unnest(b.event_ids) m(event_id) where b.replay_id is null) w
    group by w.sink_id
  ),
  waiting as (
    select c.sink_id, c.captured_at as oldest
    from (select array_agg(o.sink_id) as sinks, array_agg(o.event_id) as ids from oldest o) o
    cross join rowhook.captured_at(o.sinks, o.ids) c
  ),
  stale as (
    select t.sink_id, min(t.stale_reason) as reason
    from asked a
    join rowhook.sink_table t on t.sink_id = a.id
    where t.stale_reason is not null
    group by t.sink_id
  )
  select s.id,
         case
           when s.status <> 'active' then s.status
           when stale.reason is not null then 'stale'
           when live.circuit = 'open' then 'failing'
           when batched.failing > 0 then 'degraded'
           else 'ok'
         end,
         coalesce(log.pending, 0) + coalesce(held.messages, 0) + coalesce(batched.sending, 0),
         coalesce(live.delivered, 0),
         coalesce(batched.failing, 0),
         gone.messages,
         coalesce(greatest(extract(epoch from (select c.now from clock c) - least(log.oldest, waiting.oldest)) * 1000, 0), 0)::double precision,
         coalesce(blocked.groups, 0),
         coalesce(case when s.status <> 'active' then s.status_reason end, stale.reason, live.last_error),
         coalesce(live.circuit, 'closed'),
         coalesce(rate.messages_per_second, 0)
  from asked
  join rowhook.sink s on s.id = asked.id
  left join stream live on live.sink_id = s.id and live.replay_id is null
  left join batched on batched.sink_id = s.id
  left join blocked on blocked.sink_id = s.id
  left join held on held.sink_id = s.id
  left join stale on stale.sink_id = s.id
  left join rowhook.pending_in_log(sink_ids) log on log.sink_id = s.id
  left join rowhook.message_rate(sink_ids) rate on rate.sink_id = s.id
  left join waiting on waiting.sink_id = s.id
  cross join lateral (
    select count(*) as messages
    from (select from rowhook.discarded d where d.sink_id = s.id limit 100000) d) gone
$$;
