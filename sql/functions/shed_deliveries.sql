-- rowhook.shed_deliveries(age): empties the partitions of the log of HTTP requests that ended so long ago;
-- returns how many. One that somebody reads right now is left for the next time. Writes delivery.
create or replace function rowhook.shed_deliveries(p_age interval) returns int
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_part   record;
  v_count  int := 0;
begin
  perform set_config('lock_timeout', '100ms', true);
  for v_part in
    select p.relid from rowhook.partitions('delivery') p
    where p.ends_at <= rowhook.now() - p_age and pg_relation_size(p.relid) > 0
  loop
    begin
      execute format('truncate %s', v_part.relid);
      v_count := v_count + 1;
    exception when lock_not_available or deadlock_detected then
      null;
    end;
  end loop;
  return v_count;
end
$$;
