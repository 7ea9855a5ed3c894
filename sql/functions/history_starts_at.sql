-- rowhook.history_starts_at(sources): since when the log is complete for all of these sources: earlier
-- changes were dropped (rowhook.history_dropped_until), or made before rowhook was there.
create or replace function rowhook.history_starts_at(p_sources int[]) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(rowhook.history_dropped_until(p_sources), (select i.installed_at from rowhook.installation i))
$$;
