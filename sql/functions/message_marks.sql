-- rowhook.message_marks(sink): every message of a sink of which something is written down besides the
-- log and rowhook.discarded, one row each, in the state that this gives it:
--   failing  member of a batch that failed
--   pending  set aside behind others of its group, or in a first request that takes long
-- Replays' messages count like live ones. Reads only.
create or replace function rowhook.message_marks(p_sink int)
returns table (
  event_id bigint, state text, attempts int, next_attempt_at timestamptz, last_error text, webhook_id text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select distinct on (m.event_id) m.*
  from (
    select r.event_id,
           case when b.next_at is null and r.failures = 0 then 'pending' else 'failing' end as state,
           r.failures, b.next_at, b.last_error, b.id as webhook_id
    from rowhook.stream st
    join rowhook.batch b on b.stream_id = st.id
    cross join lateral unnest(b.event_ids, b.member_failures) r(event_id, failures)
    where st.sink_id = p_sink
    union all
    select h.event_id, 'pending', h.failures, null, null, null
    from rowhook.stream st
    join rowhook.held h on h.stream_id = st.id
    where st.sink_id = p_sink) m
  order by m.event_id, m.state
$$;
