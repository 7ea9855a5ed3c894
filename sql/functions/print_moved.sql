-- rowhook.print_moved(columns, attnums): SQL text of "the text form of one of these columns may differ between n
-- and o": never false where it does. Null for no columns.
-- rowhook.print_changed says so where it compares values; of other types two texts may have one JSON
-- (arrays that begin at different numbers), so their bytes are compared.
create or replace function rowhook.print_moved(p_columns jsonb, p_attnums int2[]) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select string_agg(
    case when t.changed like '(record_image_ne(%'
      then format('record_image_ne(row(n.%1$I), row(o.%1$I))', c.value ->> 'name')
      else t.changed end, ' or ' order by c.at)
  from jsonb_array_elements(p_columns) with ordinality c(value, at)
  cross join lateral rowhook.print_changed(c.value) t(changed)
  where (c.value ->> 'attnum')::int2 = any (p_attnums)
$$;
