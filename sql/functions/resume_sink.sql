-- rowhook.resume_sink(sink): makes a paused or disabled sink send again, by its name, from where it
-- stopped. Raises with a hint when there is no such sink.
create or replace function rowhook.resume_sink(sink text) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select rowhook.set_sink_status(rowhook.sink_named(sink), 'active', 'sink.resume')
$$;
