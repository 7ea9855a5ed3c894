-- rowhook.end_listening(listener): the sink's requests go to its endpoint again; returns whether the
-- listener was still there.
-- Writes listener, sink.version, and the time of the streams' next probe.
create or replace function rowhook.end_listening(p_listener uuid) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sink  int;
begin
  delete from rowhook.listener l where l.id = p_listener returning l.sink_id into v_sink;
  if v_sink is null then
    return false;
  end if;
  perform rowhook.change_receiver(v_sink);
  return true;
end
$$;
