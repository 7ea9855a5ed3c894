-- rowhook.column_names(table): {"<attnum>": "name"} of its columns as they are now.
create or replace function rowhook.column_names(p_relid oid) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(c.attnum::text, c.name), '{}') from rowhook.live_columns(p_relid) c
$$;
