-- rowhook.filter_settings(parts, columns): names of rowhook.pinned_settings that a compiled filter may
-- notice, in the columns that it reads or the literals that it writes; {*}: any of them.
--   p_columns  rowhook.table_columns
create or replace function rowhook.filter_settings(p_parts jsonb, p_columns jsonb) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text   text;
  v_names  text[] := '{}';
begin
  if jsonb_typeof(p_parts) is distinct from 'array' then
    return v_names;
  end if;
  -- as text, and on their way in from a literal, dates depend on more than as JSON
  if rowhook.reads_dates(array(select (p.value ->> 'att')::int2 from jsonb_array_elements(p_parts) p where p.value ? 'att'), p_columns) then
    v_names := '{timezone,datestyle,intervalstyle}';
  end if;
  select string_agg(lower(p.value #>> '{}'), ' ') into v_text
  from jsonb_array_elements(p_parts) p where jsonb_typeof(p.value) = 'string';
  if v_text ~ '::|\mcast\M|date|time|interval|format|text|char' then
    v_names := v_names || '*'::text;
  end if;
  if v_text like '%null%' then
    v_names := v_names || '{transform_null_equals,array_nulls}'::text[];
  end if;
  return v_names;
end
$$;
