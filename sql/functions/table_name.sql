-- rowhook.table_name(table): its name as a SQL identifier, always with its schema.
create or replace function rowhook.table_name(p_relid oid) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select format('%I.%I', n.nspname, c.relname)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = p_relid
$$;
