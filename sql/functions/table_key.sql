-- rowhook.table_key(table): attnums of its primary key, or else of its replica identity index, in
-- key order; '{}' when it has neither.
create or replace function rowhook.table_key(p_relid oid) returns int2[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select (i.indkey::int2[])[0:i.indnkeyatts - 1]
    from pg_catalog.pg_index i
    where i.indrelid = p_relid and i.indisvalid and (i.indisprimary or i.indisreplident)
      and i.indpred is null and i.indexprs is null
    order by i.indisprimary desc
    limit 1), '{}')
$$;
