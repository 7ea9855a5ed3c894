-- rowhook.release_stream(stream, token): gives the lease back; false if it was lost meanwhile.
create or replace function rowhook.release_stream(p_stream bigint, p_token bigint) returns boolean
language sql volatile
set search_path = ''
as $$
  with released as (
    update rowhook.stream st
    set owner = null, updated_at = rowhook.now()
    where st.id = p_stream and st.token = p_token and st.owner is not null
    returning 1)
  select exists (select from released)
$$;
