-- rowhook.sink_sources(sink, table name): the sources of a sink, in its order; of all its tables where
-- the name is null. Raises 22023 with a hint for a name that is not one of them.
create or replace function rowhook.sink_sources(p_sink int, p_table_name text)
returns table (source_id int, relid regclass)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select s.id, s.relid
    from rowhook.sink_table e join rowhook.source s on s.id = e.source_id
    where e.sink_id = p_sink and (p_table_name is null or s.relid = rowhook.find_table(p_table_name))
    order by e.ordinal;
  if not found then
    raise exception using errcode = 'invalid_parameter_value', column = 'table_name',
      message = case when p_table_name is null then 'the sink has no tables'
        else format('%s is not a table of this sink', p_table_name) end,
      detail = 'its tables are ' || coalesce((
        select string_agg(format('%I.%I', s.schema_name, s.table_name), ', ' order by e.ordinal)
        from rowhook.sink_table e join rowhook.source s on s.id = e.source_id where e.sink_id = p_sink), 'none'),
      hint = 'name one of these, or none for all of them';
  end if;
end
$$;
