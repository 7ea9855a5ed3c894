-- rowhook.event_document(event): an event's row without its payload, as rowhook.discarded keeps it.
-- The payload stands beside it as json: in jsonb it would lose the order of its columns, and one with
-- \u0000 in it could not be stored at all.
create or replace function rowhook.event_document(p_event rowhook.event) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select to_jsonb(d)
  from (select p_event.id, p_event.xid, p_event.source_id, p_event.action, p_event.captured_at, p_event.sinks,
               p_event.groups, p_event.pks, p_event.extra) d
$$;
