-- rowhook.print_key(columns, attnums, alias): SQL text of a text[] with the text forms of the key.
create or replace function rowhook.print_key(p_columns jsonb, p_attnums int2[], p_alias text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select format('array[%s]::text[]',
    string_agg(rowhook.print_column(c.value, p_alias, 'text'), ', ' order by k.at))
  from unnest(p_attnums) with ordinality k(attnum, at)
  join jsonb_array_elements(p_columns) c(value) on (c.value ->> 'attnum')::int2 = k.attnum
$$;
