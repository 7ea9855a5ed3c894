-- rowhook.raising_columns(columns, omitted): those of rowhook.table_columns that are virtual, whose expressions may raise,
-- and that the stored record does not go without.
create or replace function rowhook.raising_columns(p_columns jsonb, p_omitted jsonb) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(c.value order by c.at), '[]')
  from jsonb_array_elements(p_columns) with ordinality c(value, at)
  where (c.value ->> 'raises')::boolean and not p_omitted @> (c.value -> 'attnum')
$$;
