-- rowhook.print_fields(spec, row, all): SQL text of a list of a row's columns, in the order of the table;
-- without the virtual ones unless p_all.
create or replace function rowhook.print_fields(p_spec jsonb, p_row text, p_all boolean) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select string_agg(format('%s.%I', p_row, c.value ->> 'name'), ', ' order by c.at)
  from jsonb_array_elements(p_spec -> 'columns') with ordinality c(value, at)
  where p_all or not c.value ? 'expression'
$$;
