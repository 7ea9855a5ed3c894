-- Ticks that were taken with a `low` ahead of what was handed out (rowhook.last_event_id) would hide events from
-- every window whose scan begins there. `high` was read before the tick's own xid was assigned, too.
update rowhook.tick set low = high where low > high;
