-- rowhook.probe_soon(sink): circuits of the sink that are open probe at once, because a person did something
-- that may have mended it. That probe comes in the place of the next one: if it fails as well, the pace is
-- what it was, however often this is called. Runs hear of it when they begin anew, which is up to the caller.
-- Writes stream.
create or replace function rowhook.probe_soon(p_sink int) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update rowhook.stream st
  set circuit_next_at = rowhook.now(), circuit_probes = greatest(st.circuit_probes - 1, 0)
  where st.sink_id = p_sink and st.circuit = 'open' and st.circuit_next_at > rowhook.now();
$$;
