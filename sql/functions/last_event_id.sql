-- The highest event id handed out so far, committed or not; 0 before the first.
create or replace function rowhook.last_event_id() returns bigint
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select case when s.is_called then s.last_value else 0 end from rowhook.event_id_seq s
$$;
