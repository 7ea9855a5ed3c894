-- rowhook.has_moved(slot): whether rowhook.keep_moved has kept any rows.
create or replace function rowhook.has_moved(p_slot text) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (select from rowhook.moved_parts(p_slot))
$$;
