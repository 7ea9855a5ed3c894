-- rowhook.base_type(type): the type at the bottom of a domain; of any other type, itself.
create or replace function rowhook.base_type(p_type oid) returns oid
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive down(oid, level) as (
    select p_type, 0
    union all
    select t.typbasetype, d.level + 1
    from down d join pg_catalog.pg_type t on t.oid = d.oid where t.typtype = 'd')
  select d.oid from down d order by d.level desc limit 1
$$;
