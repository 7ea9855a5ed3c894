-- rowhook.print_group(columns, attnums, alias): SQL text of a group: the text forms joined with ":",
-- nulls as the empty string. Of no columns: the empty string.
create or replace function rowhook.print_group(p_columns jsonb, p_attnums int2[], p_alias text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    string_agg(format('coalesce(%s, '''')', rowhook.print_column(c.value, p_alias, 'text')),
      ' || '':'' || ' order by k.at),
    '''''')
  from unnest(p_attnums) with ordinality k(attnum, at)
  join jsonb_array_elements(p_columns) c(value) on (c.value ->> 'attnum')::int2 = k.attnum
$$;
