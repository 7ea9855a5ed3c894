-- rowhook.guard_default(parent, day): the first half of attaching a partition while the default one is
-- large: promises, by a constraint that is not checked yet, that no row of that day is in there. False
-- when that is not needed or not safe: only for a day that begins in 24 hours or later, because from
-- this on until the partition is attached, a row of that day could not be written. Whoever calls must go
-- on with rowhook.validate_guard and rowhook.create_partition at once; what was left undone, the next
-- rowhook.maintain of any dispatcher does.
create or replace function rowhook.guard_default(p_parent text, p_day date) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_default  text := p_parent || '_default';
  v_guard    text := 'none_of_' || to_char(p_day, 'YYYYMMDD');
  v_time     text := case p_parent when 'event' then 'captured_at' else 'at' end;
  v_from     timestamptz := p_day::timestamp at time zone 'UTC';
begin
  if to_regclass(format('rowhook.%I', p_parent || '_' || to_char(p_day, 'YYYYMMDD'))) is not null
     or pg_relation_size(format('rowhook.%I', v_default)::regclass) <= 16777216
     or v_from < rowhook.now() + interval '24 hours' or v_from < clock_timestamp() + interval '24 hours' then
    return false;
  end if;
  if not exists (
    select from pg_constraint c where c.conrelid = format('rowhook.%I', v_default)::regclass and c.conname = v_guard)
  then
    perform set_config('lock_timeout', '100ms', true);
    execute format('alter table rowhook.%I add constraint %I check (%I < %L or %3$I >= %5$L) not valid',
      v_default, v_guard, v_time, v_from, v_from + interval '1 day');
  end if;
  return true;
exception when lock_not_available or deadlock_detected then
  return false;
end
$$;
