-- rowhook.type_name(type, modifier): a type as SQL text that means the same under any search_path:
-- built-in types bare, users' types with their schema.
create or replace function rowhook.type_name(p_type oid, p_modifier int) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select pg_catalog.format_type(p_type, p_modifier)
$$;
