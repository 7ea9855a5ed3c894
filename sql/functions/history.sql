-- rowhook.history(table, key): every retained change of one row, oldest first, by its key's values joined
-- by ':'. An update that changed the key is in the history of both keys; the table's truncations are in
-- every row's. Partitions that are no longer written have indexes by key (rowhook.maintain); of newer
-- ones everything of the table is read, once: so it is one condition, and not a union of three.
-- Raises like rowhook.source_named.
create or replace function rowhook.history(relation text, key text) returns setof rowhook.changes
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source  rowhook.source := rowhook.source_named(relation);
begin
  return query
    with wanted as materialized (
      select k as pks from rowhook.key_splits(history.key, cardinality(v_source.key_columns)) k
      union
      select array[history.key]
    ),
    found as (
      select distinct e.id
      from wanted w
      join rowhook.event e on e.source_id = v_source.id
        and (e.pks = w.pks or (e.extra).old_pks = w.pks or e.action = 't' and e.pks = '{}')
    )
    select c.*
    from found f
    join rowhook.changes c on c.event_id = f.id
    where c.table_name = format('%I.%I', v_source.schema_name, v_source.table_name)
    order by c.event_id;
end
$$;
