-- rowhook.is_settled(…): whether a stream's position (rowhook.positions) has passed an event; without a SET
-- clause, so that it becomes part of the query that calls it.
create or replace function rowhook.is_settled(
  p_id bigint, p_xid xid8, p_from pg_snapshot, p_to pg_snapshot, p_last bigint, p_floor bigint, p_ceiling bigint)
returns boolean
language sql immutable parallel safe
as $$
  select p_id <= p_floor
    or p_id <= p_ceiling
       and (pg_catalog.pg_visible_in_snapshot(p_xid, p_from)
            or p_id <= p_last and pg_catalog.pg_visible_in_snapshot(p_xid, p_to))
$$;
