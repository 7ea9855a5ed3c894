-- rowhook.run_version(sink row): changes with everything that a run has loaded (rowhook.load_sink): the
-- sink's own settings, and what a refresh finds out about its tables: their names, and what makes them
-- stale. A run whose version is no longer this one begins anew.
-- Without a search_path of its own, so that it is inlined: every heartbeat asks for each sink that runs.
create or replace function rowhook.run_version(p_sink rowhook.sink) returns text
language sql stable
as $$
  select pg_catalog.concat(p_sink.version, ':', (
    select pg_catalog.md5(pg_catalog.string_agg(
      pg_catalog.concat_ws(' ', s.schema_name, s.table_name, t.stale_reason), ',' order by t.id))
    from rowhook.sink_table t
    join rowhook.source s on s.id operator(pg_catalog.=) t.source_id
    where t.sink_id operator(pg_catalog.=) p_sink.id))
$$;
