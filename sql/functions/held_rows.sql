-- rowhook.held_rows(stream): which rows the held messages of a stream are about, in the order in which they
-- must go out; for sinks of rows, which send only the newest version of each. Reads only.
create or replace function rowhook.held_rows(p_stream bigint)
returns table (event_id bigint, source_id int, pks text[], old_pks text[])
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select e.id, e.source_id, e.pks, (e.extra).old_pks
  from rowhook.stream st
  join rowhook.held h on h.stream_id = st.id
  join rowhook.sink_table t on t.sink_id = st.sink_id
  join rowhook.event e on e.source_id = t.source_id and e.id = h.event_id
  where st.id = p_stream
  order by h.seq
$$;
