-- call rowhook.maintain(): partitions ahead and behind, and everything else that has to stay bounded.
-- Dispatchers call it every five minutes, with what they were started with:
--   min_retention       delivered changes are kept at least so long; default: as it was last given, or
--                       24 hours
--   delivery_retention  so is the log of HTTP requests; default: as it was last given, or 3 days
-- Each step is a transaction of its own, so that no lock is held while the next is waited for; hence it
-- cannot be called inside of a transaction. No step waits for a lock for longer than 100 ms: what it
-- does not get now, the next call does.
-- Two calls may interleave, but never within a step (rowhook.may_maintain): a lock over the whole call
-- would have to be the session's, and would stay for ever behind a pooler when a step fails.
-- The steps are security definer functions; this is not, because such a procedure could not commit.
create or replace procedure rowhook.maintain(
  min_retention interval default null, delivery_retention interval default null)
language plpgsql
as $$
declare
  v_keep  record;
  v_step  record;
  v_gone  bigint;
begin
  perform rowhook.rebase();
  select * into v_keep from rowhook.keep_settings(min_retention, delivery_retention);
  commit;

  for v_step in select * from rowhook.wanted_partitions() loop
    if rowhook.may_maintain() and rowhook.guard_default(v_step.parent, v_step.day) then
      commit;
      if rowhook.may_maintain() then
        perform rowhook.validate_guard(v_step.parent, v_step.day);
      end if;
    end if;
    commit;
    if rowhook.may_maintain() then
      perform rowhook.create_partition(v_step.parent, v_step.day);
    end if;
    commit;
  end loop;

  for v_step in select * from rowhook.capped_partitions() loop
    if rowhook.may_maintain(v_step.relid) then
      perform rowhook.cap_partition(v_step.relid, v_step.ends_at, v_step.reason);
    end if;
    commit;
  end loop;
  for v_step in select * from rowhook.old_partitions(v_keep.min_retention) loop
    if rowhook.may_maintain(v_step.relid) and rowhook.shed_partition(v_step.relid, v_step.ends_at) = 'rebuilt' then
      commit;
      if rowhook.may_maintain(v_step.relid) then
        perform rowhook.swap_partition(v_step.relid, v_step.ends_at);
      end if;
    end if;
    commit;
  end loop;
  if rowhook.may_maintain() then
    perform rowhook.note_blocked(v_keep.min_retention);
  end if;
  commit;
  if rowhook.may_maintain() then
    perform rowhook.shed_deliveries(v_keep.delivery_retention);
  end if;
  commit;
  if rowhook.may_maintain() then
    perform rowhook.drop_partitions('event', rowhook.now() - v_keep.min_retention);
  end if;
  commit;
  if rowhook.may_maintain() then
    perform rowhook.drop_partitions('delivery', rowhook.now() - v_keep.delivery_retention);
  end if;
  commit;

  for i in 1 .. 20 loop
    v_gone := rowhook.shed_default('event', rowhook.now() - v_keep.min_retention)
      + rowhook.shed_default('delivery', rowhook.now() - v_keep.delivery_retention);
    commit;
    exit when v_gone = 0;
  end loop;
  for v_step in select * from rowhook.old_partitions(interval '1 hour') loop
    if rowhook.may_maintain(v_step.relid) then
      perform rowhook.index_partition(v_step.relid);
    end if;
    commit;
  end loop;
  perform rowhook.prune_ticks();
  commit;
  perform rowhook.prune_tables();
end
$$;
