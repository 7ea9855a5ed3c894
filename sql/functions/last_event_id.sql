-- The highest event id handed out so far, committed or not; 0 before the first.
-- Asked of the sequence under its lock: who merely selects its row may see what is written to the WAL just then,
-- a value that is 32 ids ahead, and a tick with such a `low` would hide events from the next window. The row is
-- named all the same, so that who may not read it gets an error (Postgres 17 and later would say null).
create or replace function rowhook.last_event_id() returns bigint
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(pg_catalog.pg_sequence_last_value('rowhook.event_id_seq'), 0) from rowhook.event_id_seq s
$$;
