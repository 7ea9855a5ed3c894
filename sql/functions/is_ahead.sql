-- rowhook.is_ahead(sink, event id): whether the event lies ahead of the position of the sink's live
-- stream: stored, and to be read from the log yet. False for one that is not in the log, and for a
-- backfilled row, which no window brings. Reads only.
create or replace function rowhook.is_ahead(p_sink int, p_event_id bigint) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from rowhook.positions(array[p_sink]) p
    cross join rowhook.all_tables(p_sink) s(source_id)
    join rowhook.event e on e.source_id = s.source_id and e.id = p_event_id
    where e.action <> 'r'
      and not rowhook.is_settled(e.id, e.xid, p.from_snapshot, p.to_snapshot, p.last_id, p.floor, p.ceiling))
$$;
