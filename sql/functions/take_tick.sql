-- rowhook.take_tick(ids): the newest tick, made now if there is anything to read since the last one.
-- Writes rowhook.tick. Returns its id, whether this call made it, and then
--   since  the tick before
--   due    sinks with something to read between the two
--
-- Two rules keep windows exact (see rowhook.window_low): `low` is read before the tick's own xid is
-- assigned, `high` after the snapshot. In a transaction that has an xid already, that would be older than `low`:
-- who took ids in between would be passed over by a scan that begins there. So no tick is taken then, save the
-- first of all, before which there is nothing to read. And ids of ticks follow the order of their snapshots, which
-- is why only one may be under way: the advisory lock is held until the tick is committed. Who
-- does not get the lock takes the newest tick that there is.
-- One tick more is taken after the last news: scans start at the latest tick whose xid is lower than
-- whatever may become visible, which is the last tick but one, so without it every look at an idle log
-- would go over the last window again.
-- And one after every thousand ids (p_ids), wanted or not, so that no look has to go over more.
-- Must run in read committed: every statement below needs its own snapshot.
create or replace function rowhook.take_tick(
  p_ids bigint default 1000, out tick_id bigint, out made boolean, out since bigint, out due int[])
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last      rowhook.tick;
  v_low       bigint;
  v_high      bigint;
  v_snapshot  pg_snapshot;
begin
  made := false;
  if pg_catalog.pg_current_xact_id_if_assigned() is not null
     or not pg_catalog.pg_try_advisory_xact_lock(7261, 1) then
    select t.id into tick_id from rowhook.tick t order by t.id desc limit 1;
    if tick_id is not null then
      return;
    end if;
    perform pg_catalog.pg_advisory_xact_lock(7261, 1);
  end if;

  select * into v_last from rowhook.tick t order by t.id desc limit 1;
  v_low := rowhook.last_event_id();
  v_snapshot := pg_catalog.pg_current_snapshot();
  v_high := rowhook.last_event_id();
  if v_last.id is not null then
    due := rowhook.due_sinks(v_last, v_snapshot, v_high);
  end if;

  if due = '{}'
     and v_last.low - rowhook.window_low(v_last, v_snapshot) < 100
     and v_high - v_last.high < p_ids then
    tick_id := v_last.id;
    return;
  end if;

  if rowhook.was_restored() then
    perform rowhook.rebase();
    select t.id into tick_id from rowhook.tick t order by t.id desc limit 1;
    return;
  end if;
  -- what runs in memory go by must outlive the server
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'local', true);
  end if;
  insert into rowhook.tick (id, low, xid, snapshot, high, at)
  values (rowhook.next_tick_id(v_last.id), v_low, pg_catalog.pg_current_xact_id(), v_snapshot, v_high,
          pg_catalog.clock_timestamp())
  returning id into tick_id;
  made := true;
  since := v_last.id;
end
$$;
