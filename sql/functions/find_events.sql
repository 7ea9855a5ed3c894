-- rowhook.find_events(ids): stored events by id, whichever partition holds them. The log's one index
-- is (source_id, id), so each source is probed: this is for messages that failed, not for the hot path.
-- The settings keep it to that: before a day's partition was analyzed it looks small, and a scan of it
-- compares each event with each id, which took seconds of 30,000 events.
create or replace function rowhook.find_events(p_ids bigint[])
returns setof rowhook.event
language sql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
  select e.*
  from rowhook.source s
  join rowhook.event e on e.source_id = s.id and e.id = any(p_ids)
$$;
