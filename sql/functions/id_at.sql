-- rowhook.id_at(sources, time): the id of an event such that these sources' events below it were
-- captured before the time; 0 when there is none, one above the last id when all were.
-- The log has no index by time. But ids and times grow together, give or take the moment between
-- taking either, so that a bisection over the index (source_id, id) finds it in some 30 probes. Who
-- asks for a range should widen it by as much as clocks may step back.
create or replace function rowhook.id_at(p_sources int[], p_time timestamptz) returns bigint
language plpgsql stable
set search_path = ''
as $$
declare
  v_below   bigint := 0;
  v_above   bigint := rowhook.last_event_id() + 1;
  v_middle  bigint;
  v_next    record;
begin
  if p_time = '-infinity' then
    return 0;
  elsif p_time = 'infinity' then
    return v_above;
  end if;
  while v_below < v_above loop
    v_middle := (v_below + v_above) / 2;
    select e.id, e.captured_at into v_next
    from unnest(p_sources) s(id)
    cross join lateral (
      select e.id, e.captured_at
      from rowhook.event e
      where e.source_id = s.id and e.id >= v_middle and e.action <> 'r'
      order by e.id
      limit 1) e
    order by e.id
    limit 1;
    if v_next.id is null or v_next.captured_at >= p_time then
      v_above := v_middle;
    else
      v_below := v_next.id + 1;
    end if;
  end loop;
  return v_below;
end
$$;
