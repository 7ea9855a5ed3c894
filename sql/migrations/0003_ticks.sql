-- Ticks may have been taken with a `low` that is up to 32 ahead of what was handed out (rowhook.last_event_id), and
-- would hide events from every window whose scan begins there. `high` was read before the tick's own xid was assigned,
-- too. Nobody takes another one with the old function meanwhile; and no scan may begin in the log from before a
-- dump and restore (rowhook.rebase).
select pg_advisory_xact_lock(7261, 1);
with seam as materialized (
  select e.id, e.high, e.continues_at from rowhook.tick e where e.continues_at is not null
)
update rowhook.tick t
set low = greatest(
  least(t.low, t.high) - 32, coalesce((select max(e.high) from seam e where e.id < t.id), 0))
where t.continues_at is null and t.id not in (select e.continues_at from seam e);
