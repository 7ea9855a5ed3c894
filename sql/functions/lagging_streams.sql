-- rowhook.lagging_streams(): where each reader of the log stands, whatever its sink's status: no event up to
-- `low` is of use to it any more. Live streams, and replays that are active or paused. Reads only.
-- A position's low is that of rowhook.window_low for a future in which everything has committed: what an
-- open transaction has written so far counts as needed.
create or replace function rowhook.lagging_streams()
returns table (stream_id bigint, sink_id int, sources int[], low bigint)
language sql stable
set search_path = ''
as $$
  select st.id, st.sink_id,
         array(select t.source_id from rowhook.sink_table t where t.sink_id = st.sink_id),
         rowhook.window_low(f, '9223372036854775806:9223372036854775806:'::pg_snapshot)
  from rowhook.stream st
  join rowhook.tick f on f.id = st.tick_from
  where st.replay_id is null
  union all
  select st.id, st.sink_id, r.source_ids, st.last_id
  from rowhook.stream st
  join rowhook.replay r on r.id = st.replay_id
  where r.state in ('active', 'paused')
$$;
