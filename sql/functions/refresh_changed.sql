-- rowhook.refresh_changed(): brings capture in step with every table that was altered since its last
-- refresh, and creates triggers that are missing; returns how many sources it touched. Dispatchers
-- call it every few seconds. Waits for no lock for longer than 100 ms, and holds those that it took
-- for no longer than 200: what is left over is done by the next call.
create or replace function rowhook.refresh_changed() returns int
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lock_timeout  text := current_setting('lock_timeout');
  v_source        record;
  v_count         int := 0;
  v_until         timestamptz;
begin
  perform set_config('lock_timeout', '100ms', true);
  for v_source in
    select s.id
    from rowhook.source s
    where (s.retention is not null
           or exists (select from rowhook.sink_table t where t.source_id = s.id)
           or to_regprocedure(format('rowhook.capture_%s()', s.id)) is not null)
      and s.fingerprint is distinct from rowhook.source_fingerprint(s.id)
    order by s.id
  loop
    begin
      perform rowhook.refresh_source(v_source.id);
      v_count := v_count + 1;
    exception when lock_not_available then
      continue;
    end;
  end loop;
  for v_source in
    select s.id
    from rowhook.source s
    where exists (select from rowhook.wanted_triggers(s.id) w where w.missing)
    order by random()
  loop
    v_until := coalesce(v_until, clock_timestamp() + interval '200 ms');
    exit when clock_timestamp() > v_until;
    begin
      perform rowhook.place_triggers_anew(v_source.id);
    exception when lock_not_available or insufficient_privilege then
      continue;
    end;
  end loop;
  perform set_config('lock_timeout', v_lock_timeout, true);
  return v_count;
end
$$;
