-- rowhook.discarded_event(discarded): the event of a discarded message, as it was in the log; its
-- source_id is null when the log had lost it before it was discarded.
create or replace function rowhook.discarded_event(p_row rowhook.discarded) returns rowhook.event
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_event  rowhook.event;
begin
  v_event := jsonb_populate_record(null::rowhook.event, p_row.event);
  v_event.record := p_row.record;
  v_event.changes := p_row.changes;
  return v_event;
end
$$;
