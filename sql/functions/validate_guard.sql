-- rowhook.validate_guard(parent, day): the second step after rowhook.guard_default: reads all of the default
-- partition, and nobody waits for that. If it does hold a row of that day, the constraint goes again.
create or replace function rowhook.validate_guard(p_parent text, p_day date) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('lock_timeout', '100ms', true);
  execute format('alter table rowhook.%I validate constraint %I',
    p_parent || '_default', 'none_of_' || to_char(p_day, 'YYYYMMDD'));
exception when check_violation then
  execute format('alter table rowhook.%I drop constraint %I',
    p_parent || '_default', 'none_of_' || to_char(p_day, 'YYYYMMDD'));
when lock_not_available or deadlock_detected then
  null;
end
$$;
