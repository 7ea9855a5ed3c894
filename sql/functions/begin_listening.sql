-- rowhook.begin_listening(sink, listener, dispatcher, actor): from the commit on, only this dispatcher
-- runs the sink's streams, and the others let go of them as they do at any edit of the sink. An open
-- circuit probes at once: the listener is another receiver.
-- Raises object_in_use (55006) when somebody listens to the sink already.
-- Writes listener, sink.version, and the time of the streams' next probe.
create or replace function rowhook.begin_listening(
  p_sink int, p_listener uuid, p_dispatcher uuid, p_actor text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_other  rowhook.listener;
begin
  insert into rowhook.listener (sink_id, id, dispatcher_id, actor)
  values (p_sink, p_listener, p_dispatcher, p_actor)
  on conflict (sink_id) do nothing;
  if not found then
    select * into v_other from rowhook.listener l where l.sink_id = p_sink;
    raise exception using
      errcode = 'object_in_use',
      message = format('%s listens to this sink already, since %s', coalesce(v_other.actor, 'somebody'),
        to_char(v_other.since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
      hint = 'Only one can listen at a time.';
  end if;
  perform rowhook.change_receiver(p_sink);
end
$$;
