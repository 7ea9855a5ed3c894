-- rowhook.find_source_again(source): the table of a source after a dump and restore; null when it is not
-- there. A dump writes regclass by name, so that the row names the right table even when that was renamed
-- since the last refresh; only for a table that was gone when the dump was made it holds a bare number,
-- which may mean anything here. So it counts only if the table has the name, or the columns, that are
-- known of the source.
create or replace function rowhook.find_source_again(p_source rowhook.source) returns regclass
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (select c.oid::regclass
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     where c.oid = p_source.relid and c.relkind in ('r', 'p')
       and ((n.nspname, c.relname) = (p_source.schema_name, p_source.table_name)
            or not exists (
              select from jsonb_array_elements(p_source.columns) k
              where not exists (
                select from pg_attribute a
                where a.attrelid = c.oid and a.attname = k ->> 'name' and not a.attisdropped)))),
    (select c.oid::regclass
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = p_source.schema_name and c.relname = p_source.table_name and c.relkind in ('r', 'p')))
$$;
