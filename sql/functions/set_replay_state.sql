-- rowhook.set_replay_state(replay, state, error): moves a replay to a state, if it may go there from its
-- present one; asking for the state that it has does nothing. Raises 55000 where it may not, P0002 for
-- a replay that does not exist.
-- Writes replay, and sink.version, which makes dispatchers look at the sink's runs at once.
create or replace function rowhook.set_replay_state(p_id uuid, p_state text, p_error text default null)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_replay  rowhook.replay;
begin
  perform from rowhook.sink s
  where s.id = (select r.sink_id from rowhook.replay r where r.id = p_id) for no key update;
  select * into v_replay from rowhook.replay r where r.id = p_id for update;
  if v_replay.id is null then
    raise exception using errcode = 'no_data_found', message = format('there is no replay with the id %s', p_id);
  end if;
  if not rowhook.may_move(v_replay.state, p_state, 'replay') then
    return;
  end if;
  update rowhook.replay r
  set state = p_state,
      error = case when p_state = 'failed' then p_error end,
      updated_at = rowhook.now(),
      completed_at = case when p_state in ('completed', 'failed', 'cancelled') then rowhook.now() end
  where r.id = p_id;
  if p_state <> 'active' then
    update rowhook.sink s set version = s.version + 1 where s.id = v_replay.sink_id;
  end if;
  if p_state = 'cancelled' then
    -- while a run has it, its end deletes it (rowhook.release_stream)
    delete from rowhook.stream st where st.replay_id = p_id and st.owner is null;
  end if;
  perform pg_catalog.pg_notify('rowhook_wake', 'config');
end
$$;
