-- rowhook.capture_settings(spec, code): the `set` clauses under which a source's generated code runs,
-- so that its output does not depend on the writer's session. Each costs 0.7 µs a statement, so only
-- those are set that the table's columns, keys, groups and filters can notice.
-- rowhook.pinned_settings says what they are set to.
-- With many filters, planning is what costs: each session would plan each statement anew five times, because it
-- has parameters, and choose the same plan in the end.
create or replace function rowhook.capture_settings(p_spec jsonb, p_code text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_names   text[];
  v_shown   int2[];
begin
  select coalesce(array_agg(distinct s.name), '{}') into v_names
  from (
    select jsonb_array_elements_text(c -> 'settings') from jsonb_array_elements(p_spec -> 'columns') c
    union all
    select jsonb_path_query(p_spec, '$.entries[*].settings[*]') #>> '{}'
    union all
    select jsonb_path_query(p_spec, '$.retention.settings[*]') #>> '{}') s(name);
  -- as text, dates depend on more than as JSON
  v_shown := array(
    select jsonb_array_elements_text(p_spec -> 'key')::int2
    union select (jsonb_path_query(p_spec, '$.entries[*].group_columns[*]') #>> '{}')::int2);
  if rowhook.reads_dates(v_shown, p_spec -> 'columns') then
    v_names := v_names || '{timezone,datestyle,intervalstyle}'::text[];
  end if;
  if p_code like '%\\%' then
    v_names := v_names || '{standard_conforming_strings}'::text[];
  end if;
  return case when jsonb_array_length(p_spec -> 'entries') >= 10 then E'set plan_cache_mode = force_generic_plan\n' else '' end
    || coalesce((
    select string_agg(format(E'set %s = %L\n', p.name, p.value), '' order by p.name)
    from rowhook.pinned_settings() p
    where p.name = any (v_names) or '*' = any (v_names)), '');
end
$$;
