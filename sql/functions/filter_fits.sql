-- rowhook.filter_fits(table, parts): null when a compiled filter plans against the table as it is now,
-- else the database's message.
create or replace function rowhook.filter_fits(p_relid oid, p_parts jsonb) returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rowhook.check_filter(p_relid::regclass, p_parts);
  return null;
exception when others then
  return sqlerrm;
end
$$;
