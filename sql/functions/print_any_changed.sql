-- rowhook.print_any_changed(columns, excluded): SQL text of "a column that is not excluded changed".
create or replace function rowhook.print_any_changed(p_columns jsonb, p_excluded jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce('(' || string_agg(rowhook.print_changed(c.value), E'\n      or ' order by c.at) || ')', 'false')
  from jsonb_array_elements(p_columns) with ordinality c(value, at)
  where not p_excluded @> (c.value -> 'attnum')
$$;
