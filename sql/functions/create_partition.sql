-- rowhook.create_partition(parent, day): makes the partition of a day (UTC) of rowhook.event or
-- rowhook.delivery, if there is none; returns whether it did. False as well when a lock was not to be had
-- in 100 ms, or when the default partition must be left alone.
--
-- It is made apart and attached, because `create table … partition of` locks the parent against every
-- writer. Attaching locks the default partition, and Postgres reads all of it for rows of the new
-- range. So:
--   a few rows of that day    are moved into the new partition, in the same transaction
--   more of them              stay; rowhook.maintain deletes them when they are due
--   much else in there        (nobody made partitions for a week): reading it under that lock would stop
--                             those who write to it. A constraint that was validated before, without the
--                             lock, spares the reading: see rowhook.guard_default. For a day that has
--                             not begun, no write can break it.
create or replace function rowhook.create_partition(p_parent text, p_day date) returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name      text := p_parent || '_' || to_char(p_day, 'YYYYMMDD');
  v_time      text := case p_parent when 'event' then 'captured_at' else 'at' end;
  v_from      timestamptz := p_day::timestamp at time zone 'UTC';
  v_to        timestamptz := (p_day + 1)::timestamp at time zone 'UTC';
  v_rows      bigint;
  v_large     boolean := pg_relation_size(format('rowhook.%I', p_parent || '_default')::regclass) > 16777216;
  v_guard     text := 'none_of_' || to_char(p_day, 'YYYYMMDD');
  v_guarded   boolean;
begin
  if to_regclass(format('rowhook.%I', v_name)) is not null then
    return false;
  end if;
  select exists (
    select from pg_constraint c
    where c.conrelid = format('rowhook.%I', p_parent || '_default')::regclass
      and c.conname = v_guard and c.convalidated) into v_guarded;
  if v_large and not v_guarded then
    return false;
  end if;
  perform set_config('lock_timeout', '100ms', true);
  if not v_guarded then
    execute format('lock table rowhook.%I in access exclusive mode', p_parent || '_default');
    execute format(
      'select count(*) from (select from rowhook.%I where %I >= $1 and %2$I < $2 limit 2001) d',
      p_parent || '_default', v_time) into v_rows using v_from, v_to;
    if v_rows > 2000 then
      return false;
    end if;
  end if;
  execute format('create table rowhook.%I (like rowhook.%I including all excluding identity)', v_name, p_parent);
  if v_rows > 0 then
    execute format(
      'with moved as (delete from rowhook.%I where %I >= $1 and %2$I < $2 returning *)
       insert into rowhook.%3$I select * from moved', p_parent || '_default', v_time, v_name)
    using v_from, v_to;
  end if;
  execute format('alter table rowhook.%I attach partition rowhook.%I for values from (%L) to (%L)',
    p_parent, v_name, v_from, v_to);
  -- one that nobody validated must go as well: it would outlive the partition
  execute format('alter table rowhook.%I drop constraint if exists %I', p_parent || '_default', v_guard);
  return true;
-- check_violation: a row of that day came between our look and the lock; next time it will be moved
exception when lock_not_available or deadlock_detected or check_violation or duplicate_table then
  return false;
end
$$;
