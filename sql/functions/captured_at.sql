-- rowhook.captured_at(sinks, ids): when the event of each place was captured, for the sink of that place. An
-- event that is stored no more, or is of a table that its sink does not read, gives no row. Reads only.
-- A sink's tables are probed and no others, as a thousand sinks may ask at once; the settings are those
-- of find_events, for its reasons.
create or replace function rowhook.captured_at(p_sinks int[], p_ids bigint[])
returns table (sink_id int, captured_at timestamptz)
language sql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
  select w.sink_id, min(e.captured_at)
  from unnest(p_sinks, p_ids) w(sink_id, event_id)
  join rowhook.read_tables(p_sinks) t on t.sink_id = w.sink_id
  join rowhook.event e on e.source_id = t.source_id and e.id = w.event_id
  group by w.sink_id
$$;
