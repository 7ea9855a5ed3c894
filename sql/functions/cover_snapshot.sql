-- rowhook.cover_snapshot(snapshot): a tick by which everything is read that is visible in the snapshot
-- and that any sink wants; null when there is none yet: ask again in a moment (another dispatcher is
-- about to take one). Writes rowhook.tick. Must run in read committed, as take_tick must.
-- It is taken after the ids of events that were handed out before, for the rows of a chunk: a server that has lost these,
-- and hands them out again, has lost the tick as well.
create or replace function rowhook.cover_snapshot(p_snapshot pg_snapshot) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_drawn   bigint := rowhook.last_event_id();
  v_newest  rowhook.tick;
begin
  perform rowhook.take_tick(p_ids => 1);
  select * into v_newest from rowhook.tick t order by t.id desc limit 1;
  if v_newest.high < v_drawn or rowhook.due_sinks(v_newest, p_snapshot, rowhook.last_event_id()) <> '{}' then
    return null;
  end if;
  return v_newest.id;
end
$$;
