-- rowhook.maintain_partitions(): makes the partitions of today and of the seven days after it, where they are
-- missing and can be made now; returns how many it made. Never raises because somebody holds a lock.
-- Seven, because every read of the log pays a little for each, and because without a dispatcher, or with
-- somebody holding a lock, for so long, writes go to the default partition, which is slower to clean.
-- Called by every install, in its transaction; rowhook.maintain makes one in a transaction.
create or replace function rowhook.maintain_partitions() returns int
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lock_timeout  text := current_setting('lock_timeout');
  v_wanted        record;
  v_count         int := 0;
begin
  for v_wanted in select * from rowhook.wanted_partitions() loop
    if rowhook.create_partition(v_wanted.parent, v_wanted.day) then
      v_count := v_count + 1;
    end if;
  end loop;
  perform set_config('lock_timeout', v_lock_timeout, true);
  return v_count;
end
$$;
