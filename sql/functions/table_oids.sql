-- rowhook.table_oids(): oids of some of our tables, by which a restored database is known: a dump makes them
-- in another order than an install does. pg_upgrade and physical copies keep oids, and transaction ids.
create or replace function rowhook.table_oids() returns oid[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array['rowhook.event', 'rowhook.tick', 'rowhook.stream', 'rowhook.sink', 'rowhook.held']::regclass[]::oid[]
$$;
