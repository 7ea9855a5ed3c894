-- rowhook.is_ahead(sink, event id): whether the event lies ahead of the position of the sink's live
-- stream: stored, and to be read from the log yet. False for one that is not in the log, and for a
-- backfilled row, which no window brings. Reads only.
create or replace function rowhook.is_ahead(p_sink int, p_event_id bigint) returns boolean
language sql stable
set search_path = ''
as $$
  select exists (
    select
    from rowhook.stream st
    join rowhook.tick f on f.id = st.tick_from
    join rowhook.tick t on t.id = st.tick_to
    join rowhook.sink_table s on s.sink_id = st.sink_id
    join rowhook.event e on e.source_id = s.source_id and e.id = p_event_id
    where st.sink_id = p_sink and st.replay_id is null
      and e.action <> 'r'
      and not pg_catalog.pg_visible_in_snapshot(e.xid, f.snapshot)
      and not (e.id <= st.last_id and pg_catalog.pg_visible_in_snapshot(e.xid, t.snapshot)))
$$;
