-- rowhook.renumber_source(source): for after a dump and restore, which gives columns and types other
-- numbers: finds again, by name, all that a source and its sinks' entries know by number. A column or
-- type that is not found gets a number that none has, so that the entry turns stale and says so.
-- Writes source, sink_table and former_table; rowhook.refresh_source must follow.
create or replace function rowhook.renumber_source(source_id int) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source   rowhook.source;
  v_numbers  jsonb;
  v_types    jsonb;
begin
  select * into strict v_source from rowhook.source s where s.id = renumber_source.source_id for update;
  select coalesce(jsonb_object_agg(o.value ->> 'attnum', coalesce(c.attnum, -1)), '{}') into v_numbers
  from jsonb_array_elements(v_source.columns) o(value)
  left join rowhook.live_columns(v_source.relid) c on c.name = o.value ->> 'name';
  select coalesce(jsonb_object_agg(c.attnum::text, c.type_oid::bigint), '{}') into v_types
  from rowhook.live_columns(v_source.relid) c;

  update rowhook.sink_table t
  set filter_parts = rowhook.renumber_parts(t.filter_parts, v_numbers, v_types),
      filter_columns = array(select coalesce((v_numbers ->> a::text)::int2, -1) from unnest(t.filter_columns) a),
      group_columns = case when t.group_columns is not null then
        array(select coalesce((v_numbers ->> u.a::text)::int2, -1) from unnest(t.group_columns) with ordinality u(a, at) order by u.at) end,
      exclude_columns = array(select coalesce((v_numbers ->> a::text)::int2, -1) from unnest(t.exclude_columns) a),
      column_names = (
        select coalesce(jsonb_object_agg(coalesce(v_numbers ->> n.key, n.key), n.value), '{}')
        from jsonb_each(t.column_names) n where n.key <> 'table')
        || jsonb_build_object('table', v_source.relid::oid::bigint)
  where t.source_id = v_source.id;
  update rowhook.former_table f
  set group_columns = case when f.group_columns is not null then
        array(select coalesce((v_numbers ->> u.a::text)::int2, -1) from unnest(f.group_columns) with ordinality u(a, at) order by u.at) end,
      exclude_columns = array(select coalesce((v_numbers ->> a::text)::int2, -1) from unnest(f.exclude_columns) a)
  where f.source_id = v_source.id;
  update rowhook.source s
  set columns = rowhook.reborn_columns(s.columns, s.relid),
      retention_parts = rowhook.renumber_parts(s.retention_parts, v_numbers, v_types),
      retention_names = (
        select coalesce(jsonb_object_agg(coalesce(v_numbers ->> n.key, n.key), n.value), '{}')
        from jsonb_each(s.retention_names) n where n.key <> 'table')
        || jsonb_build_object('table', s.relid::oid::bigint),
      fingerprint = null
  where s.id = v_source.id;
end
$$;
