-- rowhook.event_id_at(time, sources): an event id below which no event of the sources was captured at or
-- after the time: where to begin to read from a time on. Behind the last event when there is none.
-- The log has no index by time. But an id and captured_at are taken within the same row of the same
-- statement, so ids follow the time but for processes that were stopped in between; a minute is allowed
-- for that. Reads about 40 events per source.
create or replace function rowhook.event_id_at(p_at timestamptz, p_sources int[]) returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
set enable_bitmapscan = off
set enable_seqscan = off
set enable_sort = off
set jit = off
as $$
declare
  v_result  bigint;
  v_source  int;
  v_low     bigint;
  v_high    bigint;
  v_middle  bigint;
  v_found   record;
begin
  foreach v_source in array p_sources loop
    v_low := 0;
    v_high := rowhook.last_event_id() + 1;
    -- every event of the source below v_low is older; the first one from v_high on is not
    while v_low < v_high loop
      v_middle := v_low + (v_high - v_low) / 2;
      select e.id, e.captured_at into v_found
      from rowhook.event e
      where e.source_id = v_source and e.id >= v_middle and e.action <> 'r'
      order by e.id
      limit 1;
      if v_found.id is not null and v_found.captured_at < p_at - interval '1 minute' then
        v_low := v_found.id + 1;
      else
        v_high := v_middle;
      end if;
    end loop;
    if exists (select from rowhook.event e where e.source_id = v_source and e.id >= v_low and e.action <> 'r') then
      v_result := least(v_result, v_low);
    end if;
  end loop;
  return coalesce(v_result, rowhook.last_event_id() + 1);
end
$$;
