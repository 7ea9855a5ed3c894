-- rowhook.positions(sinks): the positions of sinks' live streams, with the snapshots of their ticks. Of a log
-- that was restored (rowhook.rebase), snapshots only speak for the events of their own part of it:
-- `floor` is the last event of the parts before, `ceiling` that of this one where the position is about
-- to cross a seam. Reads only.
create or replace function rowhook.positions(p_sinks int[])
returns table (
  stream_id bigint, sink_id int, from_tick bigint, to_tick bigint, from_snapshot pg_snapshot,
  to_snapshot pg_snapshot, last_id bigint, floor bigint, ceiling bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select st.id, st.sink_id, f.id, t.id, f.snapshot, t.snapshot, st.last_id,
         coalesce((select max(e.high) from rowhook.tick e where e.continues_at <= f.id), 0),
         case when t.continues_at is not null then t.high else 9223372036854775807 end
  from rowhook.stream st
  join rowhook.tick f on f.id = st.tick_from
  join rowhook.tick t on t.id = st.tick_to
  where st.sink_id = any (p_sinks) and st.replay_id is null
$$;
