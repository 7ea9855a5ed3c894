-- rowhook.omitted_columns(source): attnums that stored records go without: those that every sink on
-- the table excludes and no filter or group names, and none where history is kept. (A filter needs
-- its columns in the record, because its verdict may have to be made when the event is read.)
create or replace function rowhook.omitted_columns(p_source int) returns int2[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(c.attnum order by c.attnum), '{}')
  from rowhook.source s
  cross join lateral rowhook.live_columns(s.relid) c
  where s.id = p_source and s.retention is null
    and exists (select from rowhook.sink_table t where t.source_id = s.id)
    and not exists (
      select from rowhook.sink_table t
      where t.source_id = s.id
        and (c.attnum <> all (t.exclude_columns)
             or c.attnum = any (t.filter_columns) or c.attnum = any (t.group_columns)))
$$;
