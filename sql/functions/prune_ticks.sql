-- rowhook.prune_ticks(): deletes ticks that nobody reads from any more; returns how many. What stays:
--   of the last hour    runs and backfills that begin now take them up
--   positions           ticks that a stream names, and the one at which each one's scan begins
--                       (rowhook.window_low): without any tick below it, a scan would begin at event 0
--   of running streams  everything from their position on: the run may be further than what it has saved
--   one in ten minutes  of the last week, so that a transaction that was open for long makes its window
--                       scan no more than it must
--   after a restore     the seams of the logs (rowhook.rebase)
create or replace function rowhook.prune_ticks() returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_running  bigint := (select min(st.tick_from) from rowhook.stream st where st.owner is not null);
  v_count    bigint;
begin
  delete from rowhook.tick t
  where t.at < rowhook.now() - interval '1 hour'
    and (v_running is null or t.id < v_running)
    and t.continues_at is null
    and t.id not in (
      select st.tick_from from rowhook.stream st
      union all
      select st.tick_to from rowhook.stream st
      union all
      select o.continues_at from rowhook.tick o where o.continues_at is not null
      union all
      select max(o.id) from rowhook.tick o
      union all
      select b.id
      from rowhook.stream st
      join rowhook.tick f on f.id = st.tick_from
      cross join lateral (
        select o.id from rowhook.tick o
        where o.id <= f.id
          and o.xid < least(
            pg_snapshot_xmax(f.snapshot),
            (select x.xid from pg_snapshot_xip(f.snapshot) x(xid) order by x.xid limit 1))
        order by o.id desc
        limit 1) b
      union all
      select min(o.id)
      from rowhook.tick o
      where o.at > rowhook.now() - interval '7 days'
      group by floor(extract(epoch from o.at) / 600));
  get diagnostics v_count = row_count;
  return v_count;
end
$$;
