-- rowhook.next_tick_id(last): the number of the tick that comes after this one: the time since 1970, in
-- hundred-thousandths of a second. The advisory lock of rowhook.take_tick must be held. Without a SET clause, so that it
-- becomes part of the statement that calls it.
--
-- Positions, and whatever dispatchers have in memory, name ticks by their number. A server that loses its last commits
-- (a failover to a standby that was behind) goes back to what it had, sequences included. From a sequence, other ticks
-- would get the numbers of those that were lost, and who went by these would pass over events. A number that is made
-- of the time stays lost with its tick. Where the clock has gone back, too, chance keeps them apart.
-- They have 15 digits, which a float8 shows in full whatever extra_float_digits says; so the clock is followed until
-- the year 2128 only.
create or replace function rowhook.next_tick_id(p_last bigint) returns bigint
language sql volatile
as $$
  select greatest(
    least((extract(epoch from pg_catalog.clock_timestamp()) * 100000)::bigint, 500000000000000),
    coalesce(p_last, 0) + 1 + (pg_catalog.random() * 100)::bigint)
$$;
