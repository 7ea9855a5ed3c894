-- rowhook.change_receiver(sink): somebody else receives the sink's requests from now on: its runs begin
-- anew wherever they are, and what an open circuit learnt of the former receiver does not count: it probes
-- at once, and its pace begins anew.
-- Writes sink.version, and the time of the streams' next probe.
create or replace function rowhook.change_receiver(p_sink int) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  -- before the streams' rows, as everywhere (rowhook.save_stream)
  update rowhook.sink s set version = s.version + 1 where s.id = p_sink;
  update rowhook.stream st set circuit_next_at = rowhook.now(), circuit_probes = 0
  where st.sink_id = p_sink and st.circuit = 'open';
$$;
