-- rowhook.set_sink_status(sink, status, action): what a person decides about a sink, as the API does it:
-- noted in the audit log, and told to dispatchers, which act within a second. Nothing happens to a sink
-- that has the status already. One that sends again probes at once if its circuit is open.
-- Writes sink, audit, stream.
create or replace function rowhook.set_sink_status(p_sink int, p_status text, p_action text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before  rowhook.sink;
begin
  select * into strict v_before from rowhook.sink s where s.id = p_sink for update;
  if v_before.status = p_status then
    return;
  end if;
  update rowhook.sink s
  set status = p_status, status_reason = null, version = s.version + 1, updated_at = rowhook.now()
  where s.id = p_sink;
  if p_status = 'active' then
    perform rowhook.probe_soon(p_sink);
  end if;
  insert into rowhook.audit (actor, action, resource, before, after)
  values ('sql:' || session_user, p_action, 'sink:' || v_before.name,
          jsonb_build_object('status', v_before.status), jsonb_build_object('status', p_status));
  perform pg_catalog.pg_notify('rowhook_wake', 'config');
end
$$;
