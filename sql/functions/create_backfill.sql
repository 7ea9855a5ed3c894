-- rowhook.create_backfill(sink, tables): starts a backfill and returns its id.
--   p_tables  [{"name" or "source_id", "where"?, "where_parts"?, "sort_column"?, "start"?, "end"?}];
--             null: all tables of the sink. `where_parts` is `where` compiled; without it, a
--             dispatcher compiles the text, and the backfill fails if it is no filter
-- Bad input raises 22023 with the argument's path in the error's column field, or P0002 for a sink
-- that does not exist, or 55006 for a table of which a backfill is under way.
-- Writes backfill, backfill_table and sink.version, which tells the sink's run to look.
create or replace function rowhook.create_backfill(p_sink int, p_tables jsonb default null) returns uuid
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sink      text;
  v_tables    jsonb := p_tables;
  v_backfill  uuid;
  v_path      text;
  v_source    rowhook.source;
  v_column    text;
  v_table     bigint;
  t           record;
begin
  -- one at a time per sink: two that start together must see each other
  select s.name into v_sink from rowhook.sink s where s.id = p_sink for no key update;
  if v_sink is null then
    raise exception using errcode = 'no_data_found', message = format('there is no sink with the id %s', p_sink);
  end if;
  if coalesce(v_tables, '[]') = '[]' then
    select jsonb_agg(jsonb_build_object('source_id', e.source_id) order by e.ordinal) into v_tables
    from rowhook.sink_table e where e.sink_id = p_sink;
  end if;
  insert into rowhook.backfill (sink_id) values (p_sink) returning id into v_backfill;

  for t in select e.value, e.at from jsonb_array_elements(v_tables) with ordinality e(value, at) order by e.at loop
    v_path := format('tables[%s]', t.at - 1);
    select s.* into v_source
    from rowhook.sink_table e join rowhook.source s on s.id = e.source_id
    where e.sink_id = p_sink
      and (s.id = (t.value ->> 'source_id')::int or s.relid = rowhook.find_table(t.value ->> 'name'));
    if v_source.id is null then
      raise exception using errcode = 'invalid_parameter_value', column = v_path || '.name',
        message = format('%s is not a table of sink %s', coalesce(t.value ->> 'name', 'this'), v_sink),
        hint = 'its tables are ' || coalesce((
          select string_agg(format('%I.%I', s.schema_name, s.table_name), ', ' order by e.ordinal)
          from rowhook.sink_table e join rowhook.source s on s.id = e.source_id
          where e.sink_id = p_sink), 'none');
    end if;
    if exists (
      select from rowhook.backfill b join rowhook.backfill_table o on o.backfill_id = b.id
      where b.sink_id = p_sink and b.id <> v_backfill and b.state in ('active', 'paused')
        and o.source_id = v_source.id and not o.done)
    then
      raise exception using errcode = 'object_in_use',
        message = format('a backfill of %I.%I for sink %s is under way', v_source.schema_name, v_source.table_name, v_sink),
        hint = 'wait until it is completed, or cancel it';
    elsif exists (
      select from rowhook.backfill_table o where o.backfill_id = v_backfill and o.source_id = v_source.id)
    then
      raise exception using errcode = 'invalid_parameter_value', column = v_path || '.name',
        message = format('%I.%I is named twice', v_source.schema_name, v_source.table_name),
        hint = 'give each table once; several conditions can be joined with or';
    end if;

    v_column := rowhook.check_range(
      v_source.relid, t.value ->> 'sort_column', t.value ->> 'start', t.value ->> 'end', v_path);
    insert into rowhook.backfill_table (
      backfill_id, source_id, ordinal, where_text, where_parts, sort_column, range_start, range_end)
    values (
      v_backfill, v_source.id, t.at, t.value ->> 'where', nullif(t.value -> 'where_parts', 'null'),
      v_column, t.value ->> 'start', t.value ->> 'end')
    returning id into v_table;
    update rowhook.backfill_table o set rows_total = rowhook.estimate_rows(o.id) where o.id = v_table;
  end loop;

  update rowhook.sink s set version = s.version + 1 where s.id = p_sink;
  perform pg_catalog.pg_notify('rowhook_wake', 'config');
  return v_backfill;
end
$$;
