-- rowhook.shape(names): {"<attnum>": "name"} turned round into what event_extra.shape holds.
create or replace function rowhook.shape(p_names jsonb) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_object_agg(n.value, n.key::int), '{}') from jsonb_each_text(p_names) n
$$;
