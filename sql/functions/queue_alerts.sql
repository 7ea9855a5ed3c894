-- rowhook.queue_alerts(): makes a job of every alert that is new, and forgets those of a week ago; returns
-- how many it queued. What a job needs to send it is in its payload, so that it can be sent when the sink
-- is gone; the error is the last one by then, because a circuit opens before its error is written down.
-- Writes rowhook.alert, and jobs.
create or replace function rowhook.queue_alerts() returns int
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_alert  record;
  v_count  int := 0;
begin
  if not exists (select from rowhook.alert a where a.queued_at is null) then
    return 0;
  end if;
  for v_alert in
    update rowhook.alert a
    set queued_at = rowhook.now()
    from rowhook.sink s
    where s.id = a.sink_id
      and a.id in (select o.id from rowhook.alert o where o.queued_at is null
                   order by o.at limit 100 for update skip locked)
    returning a.id, a.event, a.at, a.data, s.alert_endpoint_id, s.id as sink_id, s.uid, s.name
  loop
    continue when v_alert.alert_endpoint_id is null;
    perform rowhook_worker.add_job(
      'alert',
      json_build_object(
        'id', v_alert.id,
        'endpoint', v_alert.alert_endpoint_id,
        'sink', v_alert.name,
        'message', json_build_object(
          'type', v_alert.event,
          'timestamp', to_char(v_alert.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
          'data', jsonb_build_object('sink', jsonb_build_object('id', v_alert.uid, 'name', v_alert.name))
            || v_alert.data
            || case when v_alert.event = 'sink.failing' then jsonb_build_object('error', (
                 select st.last_error from rowhook.stream st
                 where st.sink_id = v_alert.sink_id and st.replay_id is null)) else '{}' end)),
      max_attempts => 10, job_key => 'alert:' || v_alert.id);
    v_count := v_count + 1;
  end loop;
  delete from rowhook.alert a where a.at < rowhook.now() - interval '7 days' and a.queued_at is not null;
  return v_count;
end
$$;
