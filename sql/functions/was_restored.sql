-- rowhook.was_restored(): whether this database came out of a dump since its log was last written, so that
-- rowhook.rebase is due. Reads one row.
create or replace function rowhook.was_restored() returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select i.table_oids is distinct from rowhook.table_oids() from rowhook.installation i
$$;
