-- rowhook.cover_snapshot(snapshot): a tick by which everything is read that is visible in the snapshot
-- and that any sink wants; null when there is none yet: ask again in a moment (another dispatcher is
-- about to take one). Writes rowhook.tick. Must run in read committed, as take_tick must.
create or replace function rowhook.cover_snapshot(p_snapshot pg_snapshot) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_newest  rowhook.tick;
begin
  perform rowhook.take_tick();
  select * into v_newest from rowhook.tick t order by t.id desc limit 1;
  if rowhook.due_sinks(v_newest, p_snapshot, rowhook.last_event_id()) <> '{}' then
    return null;
  end if;
  return v_newest.id;
end
$$;
