-- rowhook.all_tables(sink): the sources of which a sink may have messages: of its tables, and of those that
-- were taken out of it. Reads only.
create or replace function rowhook.all_tables(p_sink int) returns setof int
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select t.source_id from rowhook.sink_table t where t.sink_id = p_sink
  union all
  select f.source_id from rowhook.former_table f where f.sink_id = p_sink
$$;
