-- rowhook.capture_settings(spec, code): the `set` clauses under which a source's generated code runs,
-- so that its output does not depend on the writer's session. Each costs 0.7 µs a statement, so only
-- those are set that the table's columns, keys, groups and filters can notice.
-- rowhook.pinned_settings says what they are set to.
create or replace function rowhook.capture_settings(p_spec jsonb, p_code text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names   text[];
  v_filters text;
begin
  select coalesce(array_agg(distinct s), '{}') into v_names
  from jsonb_array_elements(p_spec -> 'columns') c
  cross join lateral jsonb_array_elements_text(c -> 'settings') s;

  -- as text, and on their way in from a filter's literals, dates depend on more than as JSON
  if exists (
    select from jsonb_array_elements(p_spec -> 'columns') c
    join (select jsonb_array_elements(p_spec -> 'key')
          union select jsonb_path_query(p_spec, '$.entries[*].group_columns[*]')
          union select jsonb_path_query(p_spec, '$.entries[*].parts[*].att')
          union select jsonb_path_query(p_spec, '$.retention.parts[*].att')) u(attnum)
      on u.attnum = c -> 'attnum'
    join pg_catalog.pg_type t on t.oid = (c ->> 'base_oid')::oid
    where t.typcategory in ('D', 'T', 'R', 'A'))
  then
    v_names := v_names || '{timezone,datestyle,intervalstyle}'::text[];
  end if;

  select string_agg(lower(p #>> '{}'), ' ') into v_filters
  from (select jsonb_path_query(p_spec, '$.entries[*].parts[*]')
        union all select jsonb_path_query(p_spec, '$.retention.parts[*]')) f(p)
  where jsonb_typeof(p) = 'string';
  if v_filters ~ '::|\mcast\M|date|time|interval|format|text|char' then
    v_names := v_names || '{*}'::text[];
  end if;
  if v_filters like '%null%' then
    v_names := v_names || '{transform_null_equals,array_nulls}'::text[];
  end if;
  if p_code like '%\\%' then
    v_names := v_names || '{standard_conforming_strings}'::text[];
  end if;
  return coalesce((
    select string_agg(format(E'set %s = %L\n', p.name, p.value), '' order by p.name)
    from rowhook.pinned_settings() p
    where p.name = any (v_names) or '*' = any (v_names)), '');
end
$$;
