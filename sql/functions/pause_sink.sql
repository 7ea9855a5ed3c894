-- rowhook.pause_sink(sink): stops the sink's sends within 2 s, by its name; requests in flight finish, and
-- changes are kept meanwhile. Raises with a hint when there is no such sink.
create or replace function rowhook.pause_sink(sink text) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select rowhook.set_sink_status(rowhook.sink_named(sink), 'paused', 'sink.pause')
$$;
