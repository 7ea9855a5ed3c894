-- rowhook.release_stream(stream, token): gives the lease back; false if it was lost meanwhile. The stream
-- of a replay that is over ends with it. Writes rowhook.stream.
create or replace function rowhook.release_stream(p_stream bigint, p_token bigint) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rowhook.stream st
  set owner = null, updated_at = rowhook.now()
  where st.id = p_stream and st.token = p_token and st.owner is not null;
  if not found then
    return false;
  end if;
  delete from rowhook.stream st
  using rowhook.replay r
  where st.id = p_stream and r.id = st.replay_id and r.state in ('completed', 'cancelled');
  return true;
end
$$;
