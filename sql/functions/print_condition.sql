-- rowhook.print_condition(entry, names, action): SQL text of a filter over the rows of
-- rowhook.print_rows, or 'true' where there is none. Of a guarded one it is a column of the lateral
-- subquery that rowhook.print_guarded makes.
create or replace function rowhook.print_condition(p_entry jsonb, p_names jsonb, p_action text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when jsonb_typeof(p_entry -> 'parts') is distinct from 'array' then 'true'
    when (p_entry ->> 'guarded')::boolean then format('guarded.f%s', p_entry ->> 'sink')
    else rowhook.print_sided(p_entry -> 'parts', p_names, p_action)
  end
$$;
