-- rowhook.virtual_columns(table): the columns that are computed when read (Postgres 18), with the
-- expression. Transition tables hold nulls for these, so captured rows compute them again.
-- The expression names columns without a qualifier.
create or replace function rowhook.virtual_columns(p_relid oid)
returns table (attnum int2, expression text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select a.attnum, pg_catalog.pg_get_expr(d.adbin, d.adrelid)
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = p_relid and a.attgenerated = 'v' and not a.attisdropped
$$;
