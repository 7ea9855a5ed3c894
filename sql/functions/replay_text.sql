-- call rowhook.replay('orders', since => '2026-11-20'): rowhook.replay with its times as text, as they are
-- written in a statement: what is no time is refused in our own words. `since` has no default here, so
-- that of the two procedures only the other one fits where it is not given.
create or replace procedure rowhook.replay(
  sink text, since text, until text default null, filter text default null,
  table_name text default null, since_id bigint default null, until_id bigint default null)
language plpgsql
as $$
declare
  v_given  text;
  v_times  timestamptz[] := '{}';
begin
  begin
    foreach v_given in array array[replay.since, replay.until] loop
      v_times := v_times || v_given::timestamptz;
    end loop;
  exception when data_exception then
    raise exception using errcode = 'invalid_parameter_value', message = sqlerrm,
      hint = 'a time is like 2026-11-23T08:10:00Z, an id a number';
  end;
  call rowhook.replay(
    replay.sink, v_times[1], v_times[2], replay.filter, replay.table_name, replay.since_id, replay.until_id);
end
$$;
