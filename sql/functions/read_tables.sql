-- rowhook.read_tables(sinks): the tables whose events a sink's live stream reads: those of the sink, and those
-- that were taken out of it (`former`) while the log may still have something that was captured for it before.
-- That is so until its position is a day past the edit: by then even a transaction that was open
-- for long has committed what it had written for the sink. Reads only.
create or replace function rowhook.read_tables(p_sinks int[])
returns table (sink_id int, source_id int, former boolean)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select t.sink_id, t.source_id, false
  from unnest(p_sinks) i(id)
  join rowhook.sink_table t on t.sink_id = i.id
  union all
  select f.sink_id, f.source_id, true
  from unnest(p_sinks) i(id)
  join rowhook.former_table f on f.sink_id = i.id
  join rowhook.stream st on st.sink_id = f.sink_id and st.replay_id is null
  left join rowhook.tick t on t.id = st.tick_from
  where coalesce(t.at < f.left_at + interval '1 day', true)
$$;
