-- rowhook.window_low(from tick, snapshot to): the event id above which a scan for the events that
-- are visible in `p_to` and were not in the tick must start. 0 when no tick is old enough.
--
-- xid >= xmax does not mean "started after the tick" (xmax is the last completed xid plus one), so
-- the tick's own `low` is not a bound: starting there lost events in tests. But a transaction
-- whose xid is above a tick's own xid took all its ids above that tick's `low`, because `low` was
-- read before the tick's xid was assigned and the user's write assigns the xid before the trigger
-- takes an id. So: take the lowest xid that can be newly visible, and the latest tick below it.
-- A transaction that ran for an hour makes its own window scan that hour, once.
create or replace function rowhook.window_low(p_from rowhook.tick, p_to pg_snapshot)
returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select t.low
    from rowhook.tick t
    where t.xid < least(
      pg_catalog.pg_snapshot_xmax(p_from.snapshot),
      -- min(xid8) came with Postgres 15
      (select x.xid
       from pg_catalog.pg_snapshot_xip(p_from.snapshot) x(xid)
       where pg_catalog.pg_visible_in_snapshot(x.xid, p_to)
       order by x.xid
       limit 1))
      -- no later tick's xid is lower; without this, a position far behind looks at every tick since
      and t.id <= p_from.id
    order by t.id desc
    limit 1), 0)
$$;
