-- rowhook.claim_stream(stream, dispatcher): takes the lease and returns the stream's row with a new
-- fencing token; no row when another dispatcher runs it, when its sink has a listener at another one, or
-- when its sink or replay is not active.
-- The token is made of the time, in microseconds: a server that has lost a claim, as a standby that was behind when it
-- was promoted, gives its token to nobody else.
-- Writes rowhook.stream.
create or replace function rowhook.claim_stream(p_stream bigint, p_dispatcher uuid)
returns setof rowhook.stream
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  update rowhook.stream st
  set owner = p_dispatcher,
      token = greatest(st.token + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint),
      save = 0,
      updated_at = rowhook.now()
  where st.id = p_stream
    and st.owner is null
    and exists (select from rowhook.dispatcher d where d.id = p_dispatcher)
    and exists (select from rowhook.sink s where s.id = st.sink_id and s.status = 'active')
    and not exists (select from rowhook.listener l
                    where l.sink_id = st.sink_id and l.dispatcher_id <> p_dispatcher)
    and (st.replay_id is null
         or exists (select from rowhook.replay r where r.id = st.replay_id and r.state = 'active'))
  returning st.*
$$;
