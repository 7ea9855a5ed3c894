-- rowhook.reads_dates(attnums, columns): whether the text of one of these columns depends on how a session
-- prints dates, times or what may hold them.
--   p_columns  rowhook.table_columns
create or replace function rowhook.reads_dates(p_attnums int2[], p_columns jsonb) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from jsonb_array_elements(p_columns) c
    join pg_catalog.pg_type t on t.oid = (c.value ->> 'base_oid')::oid
    where (c.value ->> 'attnum')::int2 = any (p_attnums) and t.typcategory in ('D', 'T', 'R', 'A'))
$$;
