-- rowhook.written_down(): ids of events whose rows must stay although every position has passed them:
-- members of batches, and messages that are set aside. (Discarded ones keep their payload themselves.)
create or replace function rowhook.written_down() returns table (event_id bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select unnest(b.event_ids) from rowhook.batch b
  union all
  select h.event_id from rowhook.held h
$$;
