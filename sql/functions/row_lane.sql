-- rowhook.row_lane(source, pks): the group of a row by its key, as batch.groups and held.groups name it (see rowKey in
-- src/deliver/group.ts): no two rows of a table have the same. A table's own group, of a truncate and of all
-- changes of a table without a key, has no colon. Null where the key is.
create or replace function rowhook.row_lane(p_source int, p_pks text[]) returns text
language sql immutable strict
set search_path = pg_catalog, pg_temp
as $$
  select case cardinality(p_pks)
    when 0 then p_source::text
    when 1 then p_source || ':' || p_pks[1]
    else p_source || ':' || array_to_string(array(
      select replace(replace(k.value, '\', '\\'), ':', '\:') from unnest(p_pks) with ordinality k(value, at) order by k.at), ':')
  end
$$;
