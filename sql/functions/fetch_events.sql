-- rowhook.fetch_events(sink, ids): the payload of messages that stand in batches or are held, in the
-- shape of rowhook.read_window, in no particular order. An event that is gone gives no row.
create or replace function rowhook.fetch_events(p_sink int, p_ids bigint[])
returns table (
  event_id bigint, source_id int, action "char", grp text, old_grp text, pks text[], old_pks text[],
  captured_at timestamptz, xid xid8, record json, changes json, annotations text,
  undecided boolean, size int)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select e.id, e.source_id, e.action,
         e.groups[array_position(e.sinks, p_sink)],
         (e.extra).old_groups[array_position(e.sinks, p_sink)],
         e.pks, (e.extra).old_pks, e.captured_at, e.xid, e.record, e.changes, (e.extra).annotations,
         array_position(e.sinks, p_sink) is null,
         coalesce(pg_catalog.pg_column_size(e.record), 0)
           + coalesce(pg_catalog.pg_column_size(e.changes), 0)
  from rowhook.find_events(p_ids) e
$$;
