-- rowhook.drop_partitions(parent, before): drops the empty day partitions of rowhook.event or
-- rowhook.delivery that end before the time; returns how many. Their space is freed already; this keeps
-- their number small, which every read of the log pays for.
-- Dropping locks the parent against its writers, so it waits 50 ms for that lock and gives up for this
-- time: on a log that is written by long transactions it may take several maintenances.
create or replace function rowhook.drop_partitions(p_parent text, p_before timestamptz) returns int
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old    regclass[] := array(
    select p.relid from rowhook.partitions(p_parent) p
    where p.ends_at <= p_before and pg_relation_size(p.relid) = 0);
  v_one    regclass;
  v_count  int := 0;
begin
  if v_old = '{}' then
    return 0;
  end if;
  perform set_config('lock_timeout', '50ms', true);
  execute format('lock table only rowhook.%I in access exclusive mode', p_parent);
  foreach v_one in array v_old loop
    execute format('lock table %s in access exclusive mode', v_one);
    if pg_relation_size(v_one) = 0 then
      execute format('drop table %s', v_one);
      v_count := v_count + 1;
    end if;
  end loop;
  return v_count;
exception when lock_not_available or deadlock_detected then
  return 0;
end
$$;
