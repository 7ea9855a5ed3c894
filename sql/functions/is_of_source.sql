-- rowhook.is_of_source(member, source): whether a table is a source's own table, or (still) a member of its
-- tree (rowhook.belongs_to). By the row in rowhook.source, where a dump and restore leaves the right
-- table: the number in the generated code is that of another cluster then.
create or replace function rowhook.is_of_source(p_member oid, p_source int) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select s.relid = p_member or rowhook.belongs_to(p_member, s.relid)
  from rowhook.source s where s.id = p_source
$$;
