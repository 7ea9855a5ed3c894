-- rowhook.request_backfill(sink, tables): rowhook.create_backfill for those who may start a backfill and
-- nothing else. Filters that are compiled already are dropped: see rowhook.request_replay.
create or replace function rowhook.request_backfill(p_sink int, p_tables jsonb) returns uuid
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select rowhook.create_backfill(p_sink, (
    select jsonb_agg(t.value - 'where_parts' order by t.at)
    from jsonb_array_elements(p_tables) with ordinality t(value, at)))
$$;
