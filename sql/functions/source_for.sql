-- rowhook.source_for(table): the id of the table's row in rowhook.source, made if there is none.
-- A table that was dropped and made anew, or restored into another database, is found again by its
-- name, where the row's own table is gone.
-- Its capture function exists when this returns; triggers it has none yet.
create or replace function rowhook.source_for(relid regclass) returns int
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id     int;
  v_found  record;
begin
  select n.nspname, c.relname into strict v_found
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = source_for.relid;
  perform pg_catalog.pg_advisory_xact_lock(7261, 2);

  select s.id into v_id from rowhook.source s where s.relid = source_for.relid;
  if v_id is not null then
    if to_regprocedure(format('rowhook.capture_%s()', v_id)) is null then
      perform rowhook.refresh_source(v_id); -- rowhook.release_source has taken it away
    end if;
    return v_id;
  end if;
  update rowhook.source s
  set relid = source_for.relid, columns = rowhook.reborn_columns(s.columns, source_for.relid)
  where s.id = (
    select o.id from rowhook.source o
    where o.schema_name = v_found.nspname and o.table_name = v_found.relname
      and (o.relid is null or not exists (select from pg_catalog.pg_class c where c.oid = o.relid))
    order by o.id desc limit 1)
  returning s.id into v_id;
  if v_id is null then
    insert into rowhook.source (relid, schema_name, table_name)
    values (source_for.relid, v_found.nspname, v_found.relname)
    returning id into v_id;
  end if;
  perform rowhook.refresh_source(v_id);
  return v_id;
end
$$;
