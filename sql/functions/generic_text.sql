-- rowhook.generic_text(spec, action): rowhook.generic_statement of a rowhook.capture_spec.
create or replace function rowhook.generic_text(p_spec jsonb, p_action text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    rowhook.capture_statement(
      p_spec || case when rowhook.raising_columns(p_spec -> 'columns', p_spec -> 'omitted') = '[]' then '{}'::jsonb else '{"attempts": true}' end,
      '[]', p_action, true, false),
    'select')
$$;
